# Was die Seiten sagen. Namen kommen von den Mitgliedern der Seite und werden beim Einsetzen maskiert.

# wie es den Komponenten geht
status-operational = In Betrieb
status-under-maintenance = In Wartung
status-degraded-performance = Eingeschränkte Leistung
status-partial-outage = Teilausfall
status-major-outage = Schwerer Ausfall
status-unknown = Unbekannt

# wie es der ganzen Seite geht
overall-operational = Alle Systeme in Betrieb
overall-service-under-maintenance = Dienst in Wartung
overall-system-under-maintenance = System in Wartung
overall-partially-degraded = Dienst teilweise eingeschränkt
overall-degraded = Dienst eingeschränkt
overall-minor-outage = Leichter Ausfall
overall-partial-outage = Teilausfall
overall-major-outage = Schwerer Ausfall
overall-unknown = Status unbekannt

# wie weit eine Störung ist
phase-investigating = Wird untersucht
phase-identified = Ursache gefunden
phase-monitoring = Wird beobachtet
phase-resolved = Behoben
phase-unknown = Unbekannt
phase-same = Aktualisierung

# wie weit eine Wartung ist
maintenance-scheduled = Geplant
maintenance-in-progress = Läuft
maintenance-verifying = Wird geprüft
maintenance-completed = Abgeschlossen
maintenance-cancelled = Abgesagt
maintenance-unknown = Unbekannt

# wie schwer eine Störung ist
impact-none = Keine Auswirkung
impact-minor = Geringe Auswirkung
impact-major = Große Auswirkung
impact-critical = Kritische Auswirkung
impact-unknown = Auswirkung unbekannt

# eine Seite
page-title = Status von { $name }
page-title-word = Status
skip = Zum Inhalt springen
nothing-affected = Nichts erfordert Ihre Aufmerksamkeit.
open-incidents = Offene Störungen
open-count = { $count ->
    [one] { $count } offene Störung
   *[other] { $count } offene Störungen
}
active-count = { $count ->
    [one] { $count } laufende Wartung
   *[other] { $count } laufende Wartungen
}
affected-count = { $count ->
    [one] { $count } Komponente betroffen
   *[other] { $count } Komponenten betroffen
}
components = Komponenten
component-count = { $count ->
    [one] { $count } Komponente
   *[other] { $count } Komponenten
}
no-components = Es sind noch keine Komponenten aufgeführt.
active-maintenances = Laufende Wartung
upcoming-maintenances = Geplante Wartung
recent-maintenances = Letzte Wartungen
recent-incidents = Letzte Störungen
no-recent-incidents = Keine Störungen in den letzten 14 Tagen.
no-recent-resolved = Keine behobenen Störungen in den letzten 14 Tagen.
history-link = Störungsverlauf
times = Alle Zeiten in der Zeitzone { $name }.
website = Website
support = Hilfe und Support
made-with = Statusseite von Pharos

# eine Komponente, die der eines Anbieters folgt
follows = Folgt { $group }, { $vendor }
follows-vendor = Folgt { $name }
not-heard = Keine Nachricht von { $vendor } seit dem { $since }

# eine Störung
started = Beginn
resolved = Behoben
lasted = Dauer: { $name }
hurt = Kunden betroffen
since = seit dem { $name }
next-update = Nächste Aktualisierung bis zum { $name }
next-update-today = Nächste Aktualisierung bis { $name } Uhr
next-update-overdue = Nächste Aktualisierung überfällig: zugesagt bis zum { $name }
next-update-overdue-today = Nächste Aktualisierung überfällig: zugesagt bis { $name } Uhr
component-impacts = Auswirkung nach Komponenten
postmortem = Abschlussbericht
postmortem-link = Abschlussbericht lesen
published = Veröffentlicht: { $name }
edited = Bearbeitet: { $name }
earlier = { $name } früher
earlier-updates = { $count ->
    [one] { $count } frühere Aktualisierung
   *[other] { $count } frühere Aktualisierungen
}
affects = Betrifft
list-and = { $first } und { $last }
list-comma = {", "}
in-group = { $group } ({ $names })
and-more = { $count ->
    [one] und { $count } weitere
   *[other] und { $count } weitere
}
all-updates = { $count ->
    [one] Aktualisierung ansehen
   *[other] Alle { $count } Aktualisierungen ansehen
}
updates = Aktualisierungen
permalink = Link zu dieser Aktualisierung
back = Aktueller Status

# wie lange etwas dauerte
span-days = { $count ->
    [one] 1 Tag
   *[other] { $count } Tage
}
span-hours = { $count } Std.
span-minutes = { $count } Min.
span = { $first } { $second }

# eine Wartung
maintenance = Wartung
planned = Geplant
began = Begonnen
ended = Beendet
moved-start = Neuer geplanter Beginn: { $name }
moved-end = Neues geplantes Ende: { $name }
told-scheduled = Die Wartung ist geplant.
told-moved = Der geplante Zeitraum hat sich geändert.
told-in-progress = Die Wartung hat begonnen.
told-verifying = Die Arbeiten sind beendet, und wir prüfen, ob alles in Ordnung ist.
told-completed = Die Wartung ist abgeschlossen.
told-cancelled = Die Wartung wurde abgesagt.

# Verfügbarkeit
uptime = Verfügbarkeit
uptime-link = Verfügbarkeit nach Monaten
today = Heute
percent = { $name }{"\u00A0"}%
about-uptime = Wie viel der Zeit jede Komponente von { $name } verfügbar war, Monat für Monat.
uptime-lead = Zu welchem Anteil jedes Monats jede Komponente verfügbar war. Der laufende Monat zählt bis jetzt.
uptime-of-days = { $count ->
    [one] { $percent } Verfügbarkeit heute
   *[other] { $percent } Verfügbarkeit in den letzten { $count } Tagen
}
uptime-outages = Tage mit Ausfällen
uptime-partial = { $name } Teilausfall
uptime-major = { $name } schwerer Ausfall
uptime-weights = Ein Teilausfall zählt zu { $partial } als Ausfall, ein schwerer Ausfall zu { $major }. Eingeschränkte Leistung und Wartung zählen als verfügbar.
uptime-not-counted = Nicht gezählt
no-uptime = Keine Komponente zeigt hier ihre Verfügbarkeit.
component = Komponente
older-months = Frühere Monate
newest-months = Neueste Monate

# Feeds
incident = Störung
scheduled-event = DIES IST EIN GEPLANTES EREIGNIS { $name }
labelled = { $label }: { $text }

# Verlauf
history = Störungsverlauf
about-history = Alle Störungen und Wartungen von { $name }, die neuesten zuerst.
no-history = Bisher wurden keine Störungen gemeldet.
no-incidents-in-month = In diesem Monat wurden keine Störungen gemeldet
older = Ältere Störungen
newest = Neueste Störungen

# abonnieren
subscribe = Aktualisierungen abonnieren
subscribe-short = Abonnieren
subscribe-lead = Erhalten Sie eine E-Mail, wenn eine Störung oder Wartung gemeldet oder aktualisiert wird. Sie können sich jederzeit abmelden.
email = E-Mail-Adresse
email-bad = Geben Sie eine vollständige E-Mail-Adresse ein, zum Beispiel name@beispiel.de.
language = Sprache der E-Mails
subscribe-choices = Zeitzone und Komponenten auswählen
time-zone = Zeitzone der E-Mails
time-zone-bad = Wählen Sie eine Zeitzone aus der Liste, zum Beispiel Europe/Berlin.
some-components = Nur einzelne Komponenten
some-components-text = Kreuzen Sie an, worüber Sie informiert werden möchten. Ohne Auswahl geht es um die ganze Seite.
some-components-bad = Wählen Sie höchstens 100 Komponenten, die noch auf dieser Seite stehen.
subscribed = Sehen Sie in Ihrem Posteingang nach
subscribed-text = Falls diese Adresse hier neu ist, ist eine E-Mail mit einem Link zur Bestätigung unterwegs. Bis zu Ihrer Bestätigung wird nichts weiter gesendet.

# Links in E-Mails
confirm = Bestätigen Sie Ihr Abonnement
confirm-text = Drücken Sie auf die Schaltfläche, um Statusmeldungen per E-Mail zu erhalten.
confirm-button = Abonnement bestätigen
confirmed = Abonnement bestätigt
confirmed-text = Sie erhalten eine E-Mail, wenn eine Störung oder Wartung gemeldet oder aktualisiert wird. Jede E-Mail enthält einen Link zum Abmelden.
unsubscribe = Abmelden
unsubscribe-text = Drücken Sie auf die Schaltfläche, um von dieser Seite keine Statusmeldungen per E-Mail mehr zu erhalten.
unsubscribe-button = Abmelden
unsubscribed = Sie sind abgemeldet
unsubscribed-text = Sie erhalten keine Statusmeldungen von dieser Seite mehr.
unsubscribe-noted-text = Das ist vermerkt. Sie erhalten keine solchen E-Mails mehr, sobald unsere Systeme wieder antworten; bis dahin kann noch eine unterwegs sein.
link-bad = Dieser Link ist nicht mehr gültig
link-bad-text = Er ist möglicherweise abgelaufen oder wurde nicht vollständig kopiert. Falls Sie ein Abonnement wünschen, melden Sie sich bitte auf der Statusseite noch einmal an.

# der Server selbst
landing = Hier sind Statusseiten zu Hause
landing-text = Dieser Server beherbergt Statusseiten: Jede sagt an einem Ort, ob ein Produkt funktioniert, was gerade gestört ist und was früher geschehen ist.
landing-address = Jede Seite hat ihre eigene Adresse, zum Beispiel { $name }. Falls Sie einem Link zu einer Statusseite gefolgt sind, prüfen Sie bitte, ob die Adresse vollständig ist.
missing = Seite nicht gefunden
missing-text = Unter dieser Adresse gibt es keine Seite. Prüfen Sie, ob sie vollständig und richtig geschrieben ist.
as-of = Stand: { $name }. Der neueste Zustand lässt sich gerade nicht abrufen; der Fehler liegt bei uns.
away = Diese Seite kann gerade nicht angezeigt werden
away-text = Der Fehler liegt bei uns und sagt nichts über den Zustand der Systeme, nach denen Sie sehen wollten. Bitte versuchen Sie es gleich noch einmal.
close = Schließen
