# What mails say. The page's name comes from its members, cleaned.

phase-investigating = Investigating
phase-identified = Identified
phase-monitoring = Monitoring
phase-resolved = Resolved

status-operational = Operational
status-degraded-performance = Degraded performance
status-partial-outage = Partial outage
status-major-outage = Major outage

incident-components = Affected components
incident-more-components = { $count ->
    [one] and one more component
   *[other] and { $count } more components
}
incident-link = View the incident
incident-reason = You receive this email because you subscribed to status updates from { $page }.
incident-stop = Unsubscribe

confirmation-subject = Confirm your subscription to { $page }
confirmation-heading = Confirm your subscription
confirmation-request = { $page } was asked to send its status updates to this address. Please confirm that you want them.
confirmation-link = Confirm subscription
confirmation-otherwise = If this was not you, do nothing: without a confirmation you will receive no updates.
