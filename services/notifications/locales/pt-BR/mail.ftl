# O que dizem os e-mails. O nome da página vem dos seus membros, já limpo.

phase-investigating = Investigando
phase-identified = Identificado
phase-monitoring = Monitorando
phase-resolved = Resolvido
update-investigating = Atualização (investigando)
update-identified = Atualização (identificado)
update-monitoring = Atualização (monitorando)
update-resolved = Atualização (resolvido)

status-operational = Operacional
status-under-maintenance = Em manutenção
status-degraded-performance = Desempenho degradado
status-partial-outage = Interrupção parcial
status-major-outage = Interrupção grave

colon = :
components = Componentes afetados
more-components = { $count ->
    [one] e mais um componente
   *[other] e mais { $count } componentes
}
reason = Você recebeu este e-mail porque se inscreveu para receber as atualizações de status de { $name }.
stop = Cancelar inscrição

incident-link = Ver o incidente
next-update = Próxima atualização até { $time }.

maintenance-scheduled = Manutenção agendada
maintenance-moved = Manutenção reagendada
maintenance-in-progress = Manutenção em andamento
maintenance-verifying = Manutenção em verificação
maintenance-completed = Manutenção concluída
maintenance-cancelled = Manutenção cancelada
maintenance-update-scheduled = Atualização da manutenção (agendada)
maintenance-update-in-progress = Atualização da manutenção (em andamento)
maintenance-update-verifying = Atualização da manutenção (em verificação)
maintenance-update-completed = Atualização da manutenção (concluída)
maintenance-update-cancelled = Atualização da manutenção (cancelada)
maintenance-scheduled-said = Esta manutenção foi agendada.
maintenance-moved-said = O horário planejado desta manutenção mudou.
maintenance-in-progress-said = Esta manutenção começou.
maintenance-verifying-said = O trabalho terminou, e estamos verificando se está tudo bem.
maintenance-completed-said = Esta manutenção foi concluída.
maintenance-cancelled-said = Esta manutenção foi cancelada.
maintenance-starts-in-minutes = { $minutes ->
    [one] Manutenção começa em 1 minuto
   *[other] Manutenção começa em { $minutes } minutos
}
maintenance-starts-in-hours = { $hours ->
    [one] Manutenção começa em 1 hora
   *[other] Manutenção começa em { $hours } horas
}
maintenance-starts-in-days = { $days ->
    [one] Manutenção começa em 1 dia
   *[other] Manutenção começa em { $days } dias
}
maintenance-start = Início planejado
maintenance-end = Término planejado
maintenance-new-start = Novo início planejado
maintenance-new-end = Novo término planejado
maintenance-link = Ver a manutenção

postmortem-published = Postmortem publicado
postmortem-cut = Este é o começo do postmortem. A página do incidente traz o texto completo.

reminder-label = Próxima atualização pendente
reminder-heading = Há uma atualização pendente
reminder-said = A próxima atualização de “{ $title }” está prometida até { $time }. Nada foi publicado ainda.
reminder-reason = Você recebeu este e-mail porque pode publicar atualizações em { $name }. Os inscritos não o recebem.

confirmation-subject = Confirme sua inscrição em { $name }
confirmation-heading = Confirme sua inscrição
confirmation-request = Recebemos um pedido para enviar a este endereço as atualizações de status de { $name }. Confirme se deseja recebê-las.
confirmation-link = Confirmar inscrição
confirmation-otherwise = Se não foi você, não é preciso fazer nada: sem a confirmação, você não receberá atualizações.
