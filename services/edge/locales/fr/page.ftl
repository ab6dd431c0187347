# Ce que disent les pages. Les noms viennent des membres de la page et sont échappés là où ils sont insérés.

# l'état des composants
status-operational = Opérationnel
status-under-maintenance = En maintenance
status-degraded-performance = Performances dégradées
status-partial-outage = Panne partielle
status-major-outage = Panne majeure
status-unknown = Inconnu

# l'état de toute la page
overall-operational = Tous les systèmes sont opérationnels
overall-service-under-maintenance = Service en maintenance
overall-system-under-maintenance = Système en maintenance
overall-partially-degraded = Service partiellement dégradé
overall-degraded = Service dégradé
overall-minor-outage = Panne mineure
overall-partial-outage = Panne partielle
overall-major-outage = Panne majeure
overall-unknown = État inconnu

# où en est un incident
phase-investigating = Enquête en cours
phase-identified = Identifié
phase-monitoring = Sous surveillance
phase-resolved = Résolu
phase-unknown = Inconnu
phase-same = Mise à jour

# où en est une maintenance
maintenance-scheduled = Programmée
maintenance-in-progress = En cours
maintenance-verifying = En vérification
maintenance-completed = Terminée
maintenance-cancelled = Annulée
maintenance-unknown = Inconnue

# la gravité d'un incident
impact-none = Aucun impact
impact-minor = Impact mineur
impact-major = Impact majeur
impact-critical = Impact critique
impact-unknown = Impact inconnu

# une page
page-title = { $name }{"\u00A0"}: état des services
page-title-word = État
skip = Aller au contenu
nothing-affected = Rien ne requiert votre attention.
open-incidents = Incidents en cours
open-count = { $count ->
    [one] { $count } incident en cours
   *[other] { $count } incidents en cours
}
active-count = { $count ->
    [one] { $count } maintenance en cours
   *[other] { $count } maintenances en cours
}
affected-count = { $count ->
    [one] { $count } composant concerné
   *[other] { $count } composants concernés
}
components = Composants
component-count = { $count ->
    [one] { $count } composant
   *[other] { $count } composants
}
no-components = Aucun composant n’est encore répertorié.
active-maintenances = Maintenance en cours
upcoming-maintenances = Maintenance programmée
recent-maintenances = Maintenances récentes
recent-incidents = Incidents récents
no-recent-incidents = Aucun incident au cours des 14 derniers jours.
no-recent-resolved = Aucun incident résolu au cours des 14 derniers jours.
history-link = Historique des incidents
times = Les heures sont données dans le fuseau horaire { $name }.
website = Site web
support = Assistance
made-with = Page d’état réalisée avec Pharos

# un composant qui suit celui d'un fournisseur
follows = Suit { $group }, { $vendor }
follows-vendor = Suit { $name }
not-heard = Sans nouvelles de { $vendor } depuis le { $since }

# un incident
started = Début
resolved = Résolu
lasted = A duré { $name }
hurt = Clients concernés
since = depuis le { $name }
next-update = Prochaine mise à jour avant le { $name }
next-update-today = Prochaine mise à jour avant { $name }
next-update-overdue = Prochaine mise à jour en retard{"\u00A0"}: promise pour le { $name }
next-update-overdue-today = Prochaine mise à jour en retard{"\u00A0"}: promise pour { $name }
component-impacts = Impact par composant
postmortem = Analyse post-incident
postmortem-link = Lire l’analyse post-incident
published = Publiée le { $name }
edited = Modifiée le { $name }
earlier = { $name } plus tôt
earlier-updates = { $count ->
    [one] { $count } mise à jour antérieure
   *[other] { $count } mises à jour antérieures
}
affects = Concerne
list-and = { $first } et { $last }
list-comma = {", "}
in-group = { $group } ({ $names })
and-more = { $count ->
    [one] et { $count } autre
   *[other] et { $count } autres
}
all-updates = { $count ->
    [one] Voir la mise à jour
   *[other] Voir les { $count } mises à jour
}
updates = Mises à jour
permalink = Lien vers cette mise à jour
back = État actuel

# combien de temps quelque chose a duré
span-days = { $count ->
    [one] { $count } jour
   *[other] { $count } jours
}
span-hours = { $count } h
span-minutes = { $count } min
span = { $first } { $second }

# une maintenance
maintenance = Maintenance
planned = Prévue
began = Début
ended = Fin
moved-start = Nouveau début prévu{"\u00A0"}: { $name }
moved-end = Nouvelle fin prévue{"\u00A0"}: { $name }
told-scheduled = La maintenance est programmée.
told-moved = L’horaire prévu a changé.
told-in-progress = La maintenance a commencé.
told-verifying = Les travaux sont terminés et nous vérifions que tout va bien.
told-completed = La maintenance est terminée.
told-cancelled = La maintenance a été annulée.

# disponibilité
uptime = Disponibilité
uptime-link = Disponibilité par mois
today = Aujourd’hui
percent = { $name }{"\u00A0"}%
about-uptime = La part du temps pendant laquelle chaque composant de { $name } était disponible, mois par mois.
uptime-lead = La part de chaque mois pendant laquelle chaque composant a été disponible. Le mois en cours compte jusqu’à maintenant.
uptime-of-days = { $count ->
    [one] { $percent } de disponibilité aujourd’hui
   *[other] { $percent } de disponibilité sur les { $count } derniers jours
}
uptime-outages = Jours avec des pannes
uptime-partial = { $name } de panne partielle
uptime-major = { $name } de panne majeure
uptime-weights = Une panne partielle compte pour { $partial } d’indisponibilité, une panne majeure pour { $major }. Les performances dégradées et la maintenance comptent comme disponibles.
uptime-not-counted = Non compté
no-uptime = Aucun composant n’affiche sa disponibilité ici.
component = Composant
older-months = Mois précédents
newest-months = Mois les plus récents

# flux
incident = Incident
scheduled-event = CECI EST UN ÉVÉNEMENT PLANIFIÉ { $name }
labelled = { $label }{"\u00A0"}: { $text }

# historique
history = Historique des incidents
about-history = Tous les incidents et maintenances de { $name }, les plus récents en premier.
no-history = Aucun incident n’a été signalé jusqu’à présent.
no-incidents-in-month = Aucun incident signalé ce mois-ci
older = Incidents plus anciens
newest = Incidents les plus récents

# s'abonner
subscribe = Recevoir les mises à jour
subscribe-short = S’abonner
subscribe-lead = Recevez un e-mail lorsqu’un incident ou une maintenance est annoncé ou mis à jour. Vous pouvez vous désabonner à tout moment.
email = Adresse e-mail
email-bad = Saisissez une adresse e-mail complète, par exemple nom@exemple.fr.
language = Langue des e-mails
subscribe-choices = Choisir le fuseau horaire et les composants
time-zone = Fuseau horaire des e-mails
time-zone-bad = Choisissez un fuseau horaire de la liste, par exemple Europe/Paris.
some-components = Certains composants seulement
some-components-text = Cochez ce que vous souhaitez suivre. Si vous ne cochez rien, vous suivez toute la page.
some-components-bad = Choisissez au plus 100 composants encore présents sur cette page.
subscribed = Consultez votre boîte de réception
subscribed-text = Si cette adresse est nouvelle ici, un e-mail contenant un lien de confirmation est en route. Rien d’autre ne sera envoyé avant votre confirmation.

# liens dans les e-mails
confirm = Confirmez votre abonnement
confirm-text = Appuyez sur le bouton pour recevoir les mises à jour d’état par e-mail.
confirm-button = Confirmer l’abonnement
confirmed = Abonnement confirmé
confirmed-text = Vous recevrez un e-mail lorsqu’un incident ou une maintenance sera annoncé ou mis à jour. Chaque e-mail contient un lien de désabonnement.
unsubscribe = Se désabonner
unsubscribe-text = Appuyez sur le bouton pour ne plus recevoir par e-mail les mises à jour d’état de cette page.
unsubscribe-button = Se désabonner
unsubscribed = Désabonnement confirmé
unsubscribed-text = Vous ne recevrez plus les mises à jour d’état de cette page.
unsubscribe-noted-text = C’est noté. Vous ne recevrez plus d’e-mails de ce type dès que nos systèmes répondront à nouveau{"\u00A0"}; d’ici là, il se peut qu’un message soit encore en route.
link-bad = Ce lien n’est plus valable
link-bad-text = Il a peut-être expiré ou n’a pas été copié en entier. Si vous souhaitiez vous abonner, veuillez recommencer sur la page d’état.

# le serveur lui-même
landing = Ici vivent des pages d’état
landing-text = Ce serveur héberge des pages d’état{"\u00A0"}: chacune dit, en un seul endroit, si un produit fonctionne, ce qui est en panne tant que cela dure et ce qui s’est passé auparavant.
landing-address = Chaque page a sa propre adresse, par exemple { $name }. Si vous avez suivi un lien vers une page d’état, vérifiez que l’adresse est complète.
missing = Page introuvable
missing-text = Il n’y a pas de page à cette adresse. Vérifiez qu’elle est complète et correctement écrite.
as-of = État au { $name }. Le plus récent ne peut pas être obtenu pour le moment{"\u00A0"}; le problème vient de nous.
away = Impossible d’afficher cette page pour le moment
away-text = Le problème vient de nous et ne dit rien de l’état des systèmes que vous veniez consulter. Veuillez réessayer dans un instant.
close = Fermer
