# Ce que disent les e-mails. Le nom de la page vient de ses membres, déjà nettoyé.

phase-investigating = Enquête en cours
phase-identified = Identifié
phase-monitoring = Sous surveillance
phase-resolved = Résolu
update-investigating = Mise à jour (enquête en cours)
update-identified = Mise à jour (identifié)
update-monitoring = Mise à jour (sous surveillance)
update-resolved = Mise à jour (résolu)

status-operational = Opérationnel
status-under-maintenance = En maintenance
status-degraded-performance = Performances dégradées
status-partial-outage = Panne partielle
status-major-outage = Panne majeure

colon = {"\u00A0"}:
components = Composants concernés
more-components = { $count ->
    [one] et { $count } autre composant
   *[other] et { $count } autres composants
}
reason = Vous recevez cet e-mail parce que vous avez souscrit aux mises à jour d’état de la page { $name }.
stop = Se désabonner

incident-link = Voir l’incident
next-update = Prochaine mise à jour au plus tard le { $time }.

maintenance-scheduled = Maintenance programmée
maintenance-moved = Maintenance reprogrammée
maintenance-in-progress = Maintenance en cours
maintenance-verifying = Maintenance en vérification
maintenance-completed = Maintenance terminée
maintenance-cancelled = Maintenance annulée
maintenance-update-scheduled = Mise à jour de la maintenance (programmée)
maintenance-update-in-progress = Mise à jour de la maintenance (en cours)
maintenance-update-verifying = Mise à jour de la maintenance (en vérification)
maintenance-update-completed = Mise à jour de la maintenance (terminée)
maintenance-update-cancelled = Mise à jour de la maintenance (annulée)
maintenance-scheduled-said = Cette maintenance a été programmée.
maintenance-moved-said = L’horaire prévu de cette maintenance a changé.
maintenance-in-progress-said = Cette maintenance a commencé.
maintenance-verifying-said = Les travaux sont terminés et nous vérifions que tout va bien.
maintenance-completed-said = Cette maintenance est terminée.
maintenance-cancelled-said = Cette maintenance a été annulée.
maintenance-starts-in-minutes = { $minutes ->
    [one] La maintenance commence dans { $minutes } minute
   *[other] La maintenance commence dans { $minutes } minutes
}
maintenance-starts-in-hours = { $hours ->
    [one] La maintenance commence dans { $hours } heure
   *[other] La maintenance commence dans { $hours } heures
}
maintenance-starts-in-days = { $days ->
    [one] La maintenance commence dans { $days } jour
   *[other] La maintenance commence dans { $days } jours
}
maintenance-start = Début prévu
maintenance-end = Fin prévue
maintenance-new-start = Nouveau début prévu
maintenance-new-end = Nouvelle fin prévue
maintenance-link = Voir la maintenance

postmortem-published = Analyse post-incident publiée
postmortem-cut = Ceci est le début de l’analyse. Le texte intégral se trouve sur la page de l’incident.

reminder-label = Prochaine mise à jour attendue
reminder-heading = Une mise à jour est attendue
reminder-said = La prochaine mise à jour de «{"\u00A0"}{ $title }{"\u00A0"}» est promise au plus tard le { $time }. Rien n’a encore été publié.
reminder-reason = Vous recevez cet e-mail parce que vous pouvez publier des mises à jour sur { $name }. Les abonnés ne le reçoivent pas.

confirmation-subject = Confirmez votre abonnement à { $name }
confirmation-heading = Confirmez votre abonnement
confirmation-request = L’envoi des mises à jour d’état de la page { $name } à cette adresse a été demandé. Veuillez confirmer que vous souhaitez les recevoir.
confirmation-link = Confirmer l’abonnement
confirmation-otherwise = Si cette demande ne vient pas de vous, ne faites rien{"\u00A0"}: sans confirmation, vous ne recevrez aucune mise à jour.
