# O que dizem os e-mails. O nome da página vem dos seus membros, já limpo.

phase-investigating = Investigando
phase-identified = Identificado
phase-monitoring = Monitorando
phase-resolved = Resolvido

status-operational = Operacional
status-degraded-performance = Desempenho degradado
status-partial-outage = Interrupção parcial
status-major-outage = Interrupção grave

incident-components = Componentes afetados
incident-more-components = { $count ->
    [one] e mais um componente
   *[other] e mais { $count } componentes
}
incident-link = Ver o incidente
incident-reason = Você recebeu este e-mail porque se inscreveu para receber as atualizações de status de { $page }.
incident-stop = Cancelar inscrição

confirmation-subject = Confirme sua inscrição em { $page }
confirmation-heading = Confirme sua inscrição
confirmation-request = Recebemos um pedido para enviar a este endereço as atualizações de status de { $page }. Confirme se deseja recebê-las.
confirmation-link = Confirmar inscrição
confirmation-otherwise = Se não foi você, não é preciso fazer nada: sem a confirmação, você não receberá atualizações.
