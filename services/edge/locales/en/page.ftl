# What pages say. Names come from the page's members and are escaped where they are put in.

# how components are
status-operational = Operational
status-under-maintenance = Under maintenance
status-degraded-performance = Degraded performance
status-partial-outage = Partial outage
status-major-outage = Major outage
status-unknown = Unknown

# how the whole page is
overall-operational = All systems operational
overall-service-under-maintenance = Service under maintenance
overall-system-under-maintenance = System under maintenance
overall-partially-degraded = Partially degraded service
overall-degraded = Degraded service
overall-minor-outage = Minor outage
overall-partial-outage = Partial outage
overall-major-outage = Major outage
overall-unknown = Status unknown

# where an incident stands
phase-investigating = Investigating
phase-identified = Identified
phase-monitoring = Monitoring
phase-resolved = Resolved
phase-unknown = Unknown
phase-same = Update

# where a maintenance stands
maintenance-scheduled = Scheduled
maintenance-in-progress = In progress
maintenance-verifying = Verifying
maintenance-completed = Completed
maintenance-cancelled = Cancelled
maintenance-unknown = Unknown

# how bad an incident is
impact-none = No impact
impact-minor = Minor impact
impact-major = Major impact
impact-critical = Critical impact
impact-unknown = Impact unknown

# a page
page-title = { $name } status
page-title-word = status
skip = Skip to the content
nothing-affected = Nothing needs your attention.
open-incidents = Open incidents
open-count = { $count ->
    [one] 1 open incident
   *[other] { $count } open incidents
}
active-count = { $count ->
    [one] 1 maintenance in progress
   *[other] { $count } maintenances in progress
}
affected-count = { $count ->
    [one] 1 component affected
   *[other] { $count } components affected
}
components = Components
component-count = { $count ->
    [one] 1 component
   *[other] { $count } components
}
no-components = No components are listed yet.
active-maintenances = Maintenance in progress
upcoming-maintenances = Scheduled maintenance
recent-maintenances = Recent maintenance
recent-incidents = Recent incidents
no-recent-incidents = No incidents in the last 14 days.
no-recent-resolved = No resolved incidents in the last 14 days.
history-link = Incident history
times = Times are in the { $name } time zone.
website = Website
support = Support
made-with = Status page by Pharos

# a component that follows a vendor's
follows = Follows { $group }, { $vendor }
follows-vendor = Follows { $name }
not-heard = Not heard from { $vendor } since { $since }

# an incident
started = Started
resolved = Resolved
lasted = Lasted for { $name }
hurt = Customers affected
since = since { $name }
next-update = Next update by { $name }
next-update-today = Next update by { $name }
next-update-overdue = Next update overdue: promised by { $name }
next-update-overdue-today = Next update overdue: promised by { $name }
component-impacts = Impact by component
postmortem = Postmortem
postmortem-link = Read the postmortem
published = Published { $name }
edited = Edited { $name }
earlier = { $name } earlier
earlier-updates = { $count ->
    [one] 1 earlier update
   *[other] { $count } earlier updates
}
affects = Affects
list-and = { $first } and { $last }
list-comma = {", "}
in-group = { $group } ({ $names })
and-more = { $count ->
    [one] and 1 more
   *[other] and { $count } more
}
all-updates = { $count ->
    [one] See the update
   *[other] See all { $count } updates
}
updates = Updates
permalink = Link to this update
back = Current status

# how long something took
span-days = { $count ->
    [one] 1 day
   *[other] { $count } days
}
span-hours = { $count } h
span-minutes = { $count } min
span = { $first } { $second }

# a maintenance
maintenance = Maintenance
planned = Planned
began = Began
ended = Ended
moved-start = New planned start: { $name }
moved-end = New planned end: { $name }
told-scheduled = The maintenance is scheduled.
told-moved = The planned time has changed.
told-in-progress = The maintenance has begun.
told-verifying = The work is done, and we are checking that all is well.
told-completed = The maintenance is complete.
told-cancelled = The maintenance has been cancelled.

# uptime
uptime = Uptime
uptime-link = Uptime by month
today = Today
percent = { $name }%
about-uptime = How much of the time each component of { $name } was up, month by month.
uptime-lead = How much of each month each component was up. The current month counts until now.
uptime-of-days = { $count ->
    [one] { $percent } uptime today
   *[other] { $percent } uptime in the last { $count } days
}
uptime-outages = Days with outages
uptime-partial = { $name } partial outage
uptime-major = { $name } major outage
uptime-weights = A partial outage counts as { $partial } down, a major outage as { $major }. Degraded performance and maintenance count as up.
uptime-not-counted = Not counted
no-uptime = No component shows its uptime here.
component = Component
older-months = Previous months
newest-months = Newest months

# feeds
incident = Incident
scheduled-event = THIS IS A SCHEDULED EVENT { $name }
labelled = { $label }: { $text }

# history
history = Incident history
about-history = All incidents and maintenance of { $name }, newest first.
no-history = No incidents have been reported yet.
no-incidents-in-month = No incidents reported this month
older = Older incidents
newest = Newest incidents

# subscribing
subscribe = Subscribe to updates
subscribe-short = Subscribe
subscribe-lead = Get an email about incidents and maintenance, when they are announced and when they are updated. You can unsubscribe at any time.
email = Email address
email-bad = Enter a complete email address, such as name@example.com.
language = Language of the emails
subscribe-choices = Choose a time zone and components
time-zone = Time zone of the emails
time-zone-bad = Choose a time zone from the list, such as Europe/Berlin.
some-components = Only some components
some-components-text = Tick what you want to hear about. If you tick nothing, you hear about the whole page.
some-components-bad = Choose at most 100 components that are still on this page.
subscribed = Check your inbox
subscribed-text = If this address is new here, an email is on its way with a link to confirm. Nothing else is sent until you confirm.

# links in mails
confirm = Confirm your subscription
confirm-text = Press the button to receive status updates by email.
confirm-button = Confirm subscription
confirmed = You are subscribed
confirmed-text = You will receive an email about incidents and maintenance, when they are announced and when they are updated. Every email has a link to unsubscribe.
unsubscribe = Unsubscribe
unsubscribe-text = Press the button to stop receiving status updates by email from this page.
unsubscribe-button = Unsubscribe
unsubscribed = You are unsubscribed
unsubscribed-text = You will receive no more status updates from this page.
unsubscribe-noted-text = That is noted. You will get no more emails of this kind once our systems answer again; until then one may still be on its way.
link-bad = This link no longer works
link-bad-text = It may have expired, or it was not copied whole. If you wanted to subscribe, please do so again on the status page.

# the server itself
landing = Status pages live here
landing-text = This server hosts status pages: each tells, in one place, whether a product works, what is broken while it is broken, and what happened before.
landing-address = Every page has its own address, such as { $name }. If you followed a link to a status page, check that the address is complete.
missing = Page not found
missing-text = There is no page at this address. Check that it is complete and spelled correctly.
as-of = As of { $name }. The newest state cannot be fetched right now; that fault is ours.
away = This page cannot be shown right now
away-text = The fault is ours, and it says nothing about the state of the systems you came to see. Please try again in a moment.
close = Close
