# Was die E-Mails sagen. Der Name der Seite kommt von ihren Mitgliedern und ist bereinigt.

phase-investigating = Wird untersucht
phase-identified = Ursache gefunden
phase-monitoring = Wird beobachtet
phase-resolved = Behoben
update-investigating = Aktualisierung (wird untersucht)
update-identified = Aktualisierung (Ursache gefunden)
update-monitoring = Aktualisierung (wird beobachtet)
update-resolved = Aktualisierung (behoben)

status-operational = In Betrieb
status-under-maintenance = In Wartung
status-degraded-performance = Eingeschränkte Leistung
status-partial-outage = Teilausfall
status-major-outage = Schwerer Ausfall

colon = :
components = Betroffene Komponenten
more-components = { $count ->
    [one] und eine weitere Komponente
   *[other] und { $count } weitere Komponenten
}
reason = Sie erhalten diese E-Mail, weil Sie die Statusmeldungen von { $name } abonniert haben.
stop = Abmelden

incident-link = Störung ansehen
next-update = Nächste Aktualisierung bis zum { $time }.

maintenance-scheduled = Wartung geplant
maintenance-moved = Wartung verschoben
maintenance-in-progress = Wartung im Gange
maintenance-verifying = Wartung wird geprüft
maintenance-completed = Wartung abgeschlossen
maintenance-cancelled = Wartung abgesagt
maintenance-update-scheduled = Aktualisierung zur Wartung (geplant)
maintenance-update-in-progress = Aktualisierung zur Wartung (im Gange)
maintenance-update-verifying = Aktualisierung zur Wartung (wird geprüft)
maintenance-update-completed = Aktualisierung zur Wartung (abgeschlossen)
maintenance-update-cancelled = Aktualisierung zur Wartung (abgesagt)
maintenance-scheduled-said = Diese Wartung wurde geplant.
maintenance-moved-said = Der geplante Zeitraum dieser Wartung hat sich geändert.
maintenance-in-progress-said = Diese Wartung hat begonnen.
maintenance-verifying-said = Die Arbeiten sind beendet, und wir prüfen, ob alles in Ordnung ist.
maintenance-completed-said = Diese Wartung ist abgeschlossen.
maintenance-cancelled-said = Diese Wartung wurde abgesagt.
maintenance-starts-in-minutes = { $minutes ->
    [one] Wartung beginnt in { $minutes } Minute
   *[other] Wartung beginnt in { $minutes } Minuten
}
maintenance-starts-in-hours = { $hours ->
    [one] Wartung beginnt in { $hours } Stunde
   *[other] Wartung beginnt in { $hours } Stunden
}
maintenance-starts-in-days = { $days ->
    [one] Wartung beginnt in { $days } Tag
   *[other] Wartung beginnt in { $days } Tagen
}
maintenance-start = Geplanter Beginn
maintenance-end = Geplantes Ende
maintenance-new-start = Neuer geplanter Beginn
maintenance-new-end = Neues geplantes Ende
maintenance-link = Wartung ansehen

postmortem-published = Abschlussbericht veröffentlicht
postmortem-cut = Dies ist der Anfang des Abschlussberichts. Den vollständigen Text finden Sie auf der Seite der Störung.

reminder-label = Nächste Aktualisierung fällig
reminder-heading = Eine Aktualisierung ist fällig
reminder-said = Die nächste Aktualisierung zu „{ $title }“ ist bis zum { $time } zugesagt. Bisher wurde nichts veröffentlicht.
reminder-reason = Sie erhalten diese E-Mail, weil Sie auf { $name } Aktualisierungen veröffentlichen können. Abonnenten erhalten sie nicht.

confirmation-subject = Bestätigen Sie Ihr Abonnement von { $name }
confirmation-heading = Bestätigen Sie Ihr Abonnement
confirmation-request = Für diese Adresse wurden die Statusmeldungen von { $name } angefordert. Bitte bestätigen Sie, dass Sie diese erhalten möchten.
confirmation-link = Abonnement bestätigen
confirmation-otherwise = Falls Sie das nicht waren, brauchen Sie nichts zu tun: Ohne Bestätigung erhalten Sie keine Meldungen.
