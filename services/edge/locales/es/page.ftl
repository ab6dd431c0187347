# Lo que dicen las páginas. Los nombres vienen de los miembros de la página y se escapan donde se insertan.

# cómo están los componentes
status-operational = Operativo
status-under-maintenance = En mantenimiento
status-degraded-performance = Rendimiento degradado
status-partial-outage = Interrupción parcial
status-major-outage = Interrupción grave
status-unknown = Desconocido

# cómo está toda la página
overall-operational = Todos los sistemas funcionan con normalidad
overall-service-under-maintenance = Servicio en mantenimiento
overall-system-under-maintenance = Sistema en mantenimiento
overall-partially-degraded = Servicio parcialmente degradado
overall-degraded = Servicio degradado
overall-minor-outage = Interrupción leve
overall-partial-outage = Interrupción parcial
overall-major-outage = Interrupción grave
overall-unknown = Estado desconocido

# en qué punto está un incidente
phase-investigating = Investigando
phase-identified = Identificado
phase-monitoring = Supervisando
phase-resolved = Resuelto
phase-unknown = Desconocido
phase-same = Actualización

# en qué punto está un mantenimiento
maintenance-scheduled = Programado
maintenance-in-progress = En curso
maintenance-verifying = En verificación
maintenance-completed = Completado
maintenance-cancelled = Cancelado
maintenance-unknown = Desconocido

# qué tan grave es un incidente
impact-none = Sin impacto
impact-minor = Impacto leve
impact-major = Impacto grave
impact-critical = Impacto crítico
impact-unknown = Impacto desconocido

# una página
page-title = Estado de { $name }
page-title-word = Estado
skip = Ir al contenido
nothing-affected = Nada requiere su atención.
open-incidents = Incidentes abiertos
open-count = { $count ->
    [one] { $count } incidente abierto
   *[other] { $count } incidentes abiertos
}
active-count = { $count ->
    [one] { $count } mantenimiento en curso
   *[other] { $count } mantenimientos en curso
}
affected-count = { $count ->
    [one] { $count } componente afectado
   *[other] { $count } componentes afectados
}
components = Componentes
component-count = { $count ->
    [one] { $count } componente
   *[other] { $count } componentes
}
no-components = Todavía no hay componentes.
active-maintenances = Mantenimiento en curso
upcoming-maintenances = Mantenimiento programado
recent-maintenances = Mantenimientos recientes
recent-incidents = Incidentes recientes
no-recent-incidents = No hubo incidentes en los últimos 14 días.
no-recent-resolved = Ningún incidente resuelto en los últimos 14 días.
history-link = Historial de incidentes
times = Las horas corresponden a la zona horaria { $name }.
website = Sitio web
support = Soporte
made-with = Página de estado hecha con Pharos

# un componente que sigue al de un proveedor
follows = Sigue a { $group }, { $vendor }
follows-vendor = Sigue a { $name }
not-heard = Sin noticias de { $vendor } desde el { $since }

# un incidente
started = Inicio
resolved = Resuelto
lasted = Duró { $name }
hurt = Clientes afectados
since = desde el { $name }
next-update = Próxima actualización antes del { $name }
next-update-today = Próxima actualización antes de las { $name }
next-update-overdue = Próxima actualización atrasada: prometida para el { $name }
next-update-overdue-today = Próxima actualización atrasada: prometida para las { $name }
component-impacts = Impacto por componente
postmortem = Análisis posterior al incidente
postmortem-link = Leer el análisis posterior al incidente
published = Publicado: { $name }
edited = Editado: { $name }
earlier = { $name } antes
earlier-updates = { $count ->
    [one] { $count } actualización anterior
   *[other] { $count } actualizaciones anteriores
}
affects = Afecta a
list-and = { $first } y { $last }
list-comma = {", "}
in-group = { $group } ({ $names })
and-more = { $count ->
    [one] y { $count } más
   *[other] y { $count } más
}
all-updates = { $count ->
    [one] Ver la actualización
   *[other] Ver las { $count } actualizaciones
}
updates = Actualizaciones
permalink = Enlace a esta actualización
back = Estado actual

# cuánto duró algo
span-days = { $count ->
    [one] 1 día
   *[other] { $count } días
}
span-hours = { $count } h
span-minutes = { $count } min
span = { $first } { $second }

# un mantenimiento
maintenance = Mantenimiento
planned = Previsto
began = Comenzó
ended = Terminó
moved-start = Nuevo inicio previsto: { $name }
moved-end = Nuevo final previsto: { $name }
told-scheduled = El mantenimiento está programado.
told-moved = El horario previsto ha cambiado.
told-in-progress = El mantenimiento ha comenzado.
told-verifying = El trabajo ha terminado y estamos comprobando que todo esté bien.
told-completed = El mantenimiento se ha completado.
told-cancelled = El mantenimiento se ha cancelado.

# disponibilidad
uptime = Disponibilidad
uptime-link = Disponibilidad por meses
today = Hoy
percent = { $name }{"\u00A0"}%
about-uptime = Qué parte del tiempo estuvo disponible cada componente de { $name }, mes a mes.
uptime-lead = Cuánto tiempo de cada mes estuvo disponible cada componente. El mes actual cuenta hasta ahora.
uptime-of-days = { $count ->
    [one] { $percent } de disponibilidad hoy
   *[other] { $percent } de disponibilidad en los últimos { $count } días
}
uptime-outages = Días con interrupciones
uptime-partial = { $name } de interrupción parcial
uptime-major = { $name } de interrupción grave
uptime-weights = Una interrupción parcial cuenta como un { $partial } fuera de servicio, y una grave, como un { $major }. El rendimiento degradado y el mantenimiento cuentan como disponible.
uptime-not-counted = No contado
no-uptime = Ningún componente muestra aquí su disponibilidad.
component = Componente
older-months = Meses anteriores
newest-months = Meses más recientes

# canales
incident = Incidente
scheduled-event = ESTE ES UN EVENTO PROGRAMADO { $name }
labelled = { $label }: { $text }

# historial
history = Historial de incidentes
about-history = Todos los incidentes y mantenimientos de { $name }, los más recientes primero.
no-history = Todavía no se ha comunicado ningún incidente.
no-incidents-in-month = Ningún incidente comunicado este mes
older = Incidentes anteriores
newest = Incidentes más recientes

# suscribirse
subscribe = Recibir actualizaciones
subscribe-short = Suscribirse
subscribe-lead = Reciba un correo cuando se comunique o se actualice un incidente o un mantenimiento. Puede cancelar la suscripción en cualquier momento.
email = Dirección de correo electrónico
email-bad = Escriba una dirección de correo completa, como nombre@ejemplo.com.
language = Idioma de los correos
subscribe-choices = Elegir la zona horaria y los componentes
time-zone = Zona horaria de los correos
time-zone-bad = Elija una zona horaria de la lista, como Europe/Madrid.
some-components = Solo algunos componentes
some-components-text = Marque lo que quiera seguir. Si no marca nada, recibirá avisos de toda la página.
some-components-bad = Elija como máximo 100 componentes que sigan en esta página.
subscribed = Revise su bandeja de entrada
subscribed-text = Si esta dirección es nueva aquí, le hemos enviado un correo con un enlace para confirmar. No enviaremos nada más hasta que confirme.

# enlaces en los correos
confirm = Confirme su suscripción
confirm-text = Pulse el botón para recibir las actualizaciones de estado por correo.
confirm-button = Confirmar suscripción
confirmed = Suscripción confirmada
confirmed-text = Recibirá un correo cuando se comunique o se actualice un incidente o un mantenimiento. Todos los correos incluyen un enlace para cancelar la suscripción.
unsubscribe = Cancelar suscripción
unsubscribe-text = Pulse el botón para dejar de recibir por correo las actualizaciones de estado de esta página.
unsubscribe-button = Cancelar suscripción
unsubscribed = Suscripción cancelada
unsubscribed-text = No recibirá más actualizaciones de estado de esta página.
unsubscribe-noted-text = Ha quedado anotado. No recibirá más correos de este tipo en cuanto nuestros sistemas vuelvan a responder; hasta entonces puede llegarle alguno que ya esté en camino.
link-bad = Este enlace ya no es válido
link-bad-text = Puede que haya caducado o que no se haya copiado completo. Si quería suscribirse, hágalo de nuevo en la página de estado.

# el propio servidor
landing = Aquí viven páginas de estado
landing-text = Este servidor aloja páginas de estado: cada una dice, en un solo lugar, si un producto funciona, qué falla mientras falla y qué ocurrió antes.
landing-address = Cada página tiene su propia dirección, como { $name }. Si llegó por un enlace a una página de estado, compruebe que la dirección esté completa.
missing = Página no encontrada
missing-text = No hay ninguna página en esta dirección. Compruebe que esté completa y bien escrita.
as-of = Estado a fecha de { $name }. Ahora no es posible obtener el más reciente; el fallo es nuestro.
away = No es posible mostrar esta página ahora
away-text = El fallo es nuestro y no dice nada del estado de los sistemas que quería consultar. Inténtelo de nuevo en unos instantes.
close = Cerrar
