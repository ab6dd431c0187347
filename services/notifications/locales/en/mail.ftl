# What mails say. The page's name comes from its members, cleaned.

phase-investigating = Investigating
phase-identified = Identified
phase-monitoring = Monitoring
phase-resolved = Resolved
update-investigating = Update (investigating)
update-identified = Update (identified)
update-monitoring = Update (monitoring)
update-resolved = Update (resolved)

status-operational = Operational
status-under-maintenance = Under maintenance
status-degraded-performance = Degraded performance
status-partial-outage = Partial outage
status-major-outage = Major outage

colon = :
components = Affected components
more-components = { $count ->
    [one] and one more component
   *[other] and { $count } more components
}
reason = You receive this email because you subscribed to status updates from { $name }.
stop = Unsubscribe

incident-link = View the incident
next-update = Next update by { $time }.

maintenance-scheduled = Maintenance scheduled
maintenance-moved = Maintenance rescheduled
maintenance-in-progress = Maintenance in progress
maintenance-verifying = Maintenance being verified
maintenance-completed = Maintenance completed
maintenance-cancelled = Maintenance cancelled
maintenance-update-scheduled = Maintenance update (scheduled)
maintenance-update-in-progress = Maintenance update (in progress)
maintenance-update-verifying = Maintenance update (being verified)
maintenance-update-completed = Maintenance update (completed)
maintenance-update-cancelled = Maintenance update (cancelled)
maintenance-scheduled-said = This maintenance has been scheduled.
maintenance-moved-said = The planned times of this maintenance have changed.
maintenance-in-progress-said = This maintenance has begun.
maintenance-verifying-said = The work is done, and we are verifying that everything is well.
maintenance-completed-said = This maintenance has been completed.
maintenance-cancelled-said = This maintenance has been cancelled.
maintenance-starts-in-minutes = { $minutes ->
    [one] Maintenance starts in 1 minute
   *[other] Maintenance starts in { $minutes } minutes
}
maintenance-starts-in-hours = { $hours ->
    [one] Maintenance starts in 1 hour
   *[other] Maintenance starts in { $hours } hours
}
maintenance-starts-in-days = { $days ->
    [one] Maintenance starts in 1 day
   *[other] Maintenance starts in { $days } days
}
maintenance-start = Planned start
maintenance-end = Planned end
maintenance-new-start = New planned start
maintenance-new-end = New planned end
maintenance-link = View the maintenance

postmortem-published = Postmortem published
postmortem-cut = This is the beginning of the postmortem. The page of the incident has all of it.

reminder-label = Next update due
reminder-heading = The next update is due
reminder-said = The next update of “{ $title }” is promised by { $time }. Nothing has been posted yet.
reminder-reason = You receive this email because you can post updates on { $name }. Subscribers do not receive it.

confirmation-subject = Confirm your subscription to { $name }
confirmation-heading = Confirm your subscription
confirmation-request = { $name } was asked to send its status updates to this address. Please confirm that you want them.
confirmation-link = Confirm subscription
confirmation-otherwise = If this was not you, do nothing: without a confirmation you will receive no updates.
