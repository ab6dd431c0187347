# Lo que dicen los correos. El nombre de la página viene de sus miembros, ya limpio.

phase-investigating = Investigando
phase-identified = Identificado
phase-monitoring = Supervisando
phase-resolved = Resuelto
update-investigating = Actualización (investigando)
update-identified = Actualización (identificado)
update-monitoring = Actualización (supervisando)
update-resolved = Actualización (resuelto)

status-operational = Operativo
status-under-maintenance = En mantenimiento
status-degraded-performance = Rendimiento degradado
status-partial-outage = Interrupción parcial
status-major-outage = Interrupción grave

colon = :
components = Componentes afectados
more-components = { $count ->
    [one] y un componente más
   *[other] y { $count } componentes más
}
reason = Recibe este correo porque se suscribió a las actualizaciones de estado de { $name }.
stop = Cancelar suscripción

incident-link = Ver el incidente
next-update = Próxima actualización a más tardar el { $time }.

maintenance-scheduled = Mantenimiento programado
maintenance-moved = Mantenimiento reprogramado
maintenance-in-progress = Mantenimiento en curso
maintenance-verifying = Mantenimiento en verificación
maintenance-completed = Mantenimiento completado
maintenance-cancelled = Mantenimiento cancelado
maintenance-update-scheduled = Actualización del mantenimiento (programado)
maintenance-update-in-progress = Actualización del mantenimiento (en curso)
maintenance-update-verifying = Actualización del mantenimiento (en verificación)
maintenance-update-completed = Actualización del mantenimiento (completado)
maintenance-update-cancelled = Actualización del mantenimiento (cancelado)
maintenance-scheduled-said = Este mantenimiento se ha programado.
maintenance-moved-said = El horario previsto de este mantenimiento ha cambiado.
maintenance-in-progress-said = Este mantenimiento ha comenzado.
maintenance-verifying-said = El trabajo ha terminado y estamos comprobando que todo esté bien.
maintenance-completed-said = Este mantenimiento se ha completado.
maintenance-cancelled-said = Este mantenimiento se ha cancelado.
maintenance-starts-in-minutes = { $minutes ->
    [one] El mantenimiento empieza en { $minutes } minuto
   *[other] El mantenimiento empieza en { $minutes } minutos
}
maintenance-starts-in-hours = { $hours ->
    [one] El mantenimiento empieza en { $hours } hora
   *[other] El mantenimiento empieza en { $hours } horas
}
maintenance-starts-in-days = { $days ->
    [one] El mantenimiento empieza en { $days } día
   *[other] El mantenimiento empieza en { $days } días
}
maintenance-start = Inicio previsto
maintenance-end = Final previsto
maintenance-new-start = Nuevo inicio previsto
maintenance-new-end = Nuevo final previsto
maintenance-link = Ver el mantenimiento

postmortem-published = Análisis posterior publicado
postmortem-cut = Este es el comienzo del análisis. El texto completo está en la página del incidente.

reminder-label = Próxima actualización pendiente
reminder-heading = Hay una actualización pendiente
reminder-said = La próxima actualización de «{ $title }» está prometida a más tardar para el { $time }. Todavía no se ha publicado nada.
reminder-reason = Recibe este correo porque puede publicar actualizaciones en { $name }. Los suscriptores no lo reciben.

confirmation-subject = Confirme su suscripción a { $name }
confirmation-heading = Confirme su suscripción
confirmation-request = Se ha solicitado que las actualizaciones de estado de { $name } se envíen a esta dirección. Confirme que desea recibirlas.
confirmation-link = Confirmar suscripción
confirmation-otherwise = Si no fue usted, no haga nada: sin confirmación no recibirá actualizaciones.
