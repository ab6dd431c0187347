# O que dizem as páginas. Os nomes vêm dos membros da página e são escapados onde são inseridos.

# como estão os componentes
status-operational = Operacional
status-under-maintenance = Em manutenção
status-degraded-performance = Desempenho degradado
status-partial-outage = Interrupção parcial
status-major-outage = Interrupção grave
status-unknown = Desconhecido

# como está a página toda
overall-operational = Todos os sistemas operacionais
overall-service-under-maintenance = Serviço em manutenção
overall-system-under-maintenance = Sistema em manutenção
overall-partially-degraded = Serviço parcialmente degradado
overall-degraded = Serviço degradado
overall-minor-outage = Interrupção leve
overall-partial-outage = Interrupção parcial
overall-major-outage = Interrupção grave
overall-unknown = Status desconhecido

# em que ponto está um incidente
phase-investigating = Investigando
phase-identified = Identificado
phase-monitoring = Monitorando
phase-resolved = Resolvido
phase-unknown = Desconhecido
phase-same = Atualização

# em que ponto está uma manutenção
maintenance-scheduled = Agendada
maintenance-in-progress = Em andamento
maintenance-verifying = Em verificação
maintenance-completed = Concluída
maintenance-cancelled = Cancelada
maintenance-unknown = Desconhecido

# quão grave é um incidente
impact-none = Sem impacto
impact-minor = Impacto leve
impact-major = Impacto grave
impact-critical = Impacto crítico
impact-unknown = Impacto desconhecido

# uma página
page-title = Status de { $name }
page-title-word = Status
skip = Ir para o conteúdo
nothing-affected = Nada precisa da sua atenção.
open-incidents = Incidentes em andamento
open-count = { $count ->
    [one] 1 incidente em andamento
   *[other] { $count } incidentes em andamento
}
active-count = { $count ->
    [one] 1 manutenção em andamento
   *[other] { $count } manutenções em andamento
}
affected-count = { $count ->
    [one] 1 componente afetado
   *[other] { $count } componentes afetados
}
components = Componentes
component-count = { $count ->
    [one] 1 componente
   *[other] { $count } componentes
}
no-components = Ainda não há componentes.
active-maintenances = Manutenção em andamento
upcoming-maintenances = Manutenção agendada
recent-maintenances = Manutenções recentes
recent-incidents = Incidentes recentes
no-recent-incidents = Nenhum incidente nos últimos 14 dias.
no-recent-resolved = Nenhum incidente resolvido nos últimos 14 dias.
history-link = Histórico de incidentes
times = Horários no fuso de { $name }.
website = Site
support = Suporte
made-with = Página de status feita com Pharos

# um componente que segue o de um fornecedor
follows = Segue { $group }, { $vendor }
follows-vendor = Segue { $name }
not-heard = Sem notícias de { $vendor } desde { $since }

# um incidente
started = Início
resolved = Resolvido
lasted = Durou { $name }
hurt = Clientes afetados
since = desde { $name }
next-update = Próxima atualização até { $name }
next-update-today = Próxima atualização até as { $name }
next-update-overdue = Próxima atualização atrasada: prometida até { $name }
next-update-overdue-today = Próxima atualização atrasada: prometida até as { $name }
component-impacts = Impacto por componente
postmortem = Análise pós-incidente
postmortem-link = Ler a análise pós-incidente
published = Publicada: { $name }
edited = Editada: { $name }
earlier = { $name } antes
earlier-updates = { $count ->
    [one] 1 atualização anterior
   *[other] { $count } atualizações anteriores
}
affects = Afeta
list-and = { $first } e { $last }
list-comma = {", "}
in-group = { $group } ({ $names })
and-more = { $count ->
    [one] e mais 1
   *[other] e mais { $count }
}
all-updates = { $count ->
    [one] Ver a atualização
   *[other] Ver todas as { $count } atualizações
}
updates = Atualizações
permalink = Link para esta atualização
back = Status atual

# quanto tempo algo levou
span-days = { $count ->
    [one] 1 dia
   *[other] { $count } dias
}
span-hours = { $count } h
span-minutes = { $count } min
span = { $first } { $second }

# uma manutenção
maintenance = Manutenção
planned = Previsão
began = Começou
ended = Terminou
moved-start = Novo início previsto: { $name }
moved-end = Novo término previsto: { $name }
told-scheduled = A manutenção está agendada.
told-moved = O horário previsto mudou.
told-in-progress = A manutenção começou.
told-verifying = O trabalho terminou, e estamos verificando se está tudo bem.
told-completed = A manutenção foi concluída.
told-cancelled = A manutenção foi cancelada.

# disponibilidade
uptime = Disponibilidade
uptime-link = Disponibilidade por mês
today = Hoje
percent = { $name }%
about-uptime = Quanto do tempo cada componente de { $name } esteve disponível, mês a mês.
uptime-lead = Quanto de cada mês cada componente esteve disponível. O mês atual conta até agora.
uptime-of-days = { $count ->
    [one] { $percent } de disponibilidade hoje
   *[other] { $percent } de disponibilidade nos últimos { $count } dias
}
uptime-outages = Dias com interrupções
uptime-partial = { $name } de interrupção parcial
uptime-major = { $name } de interrupção grave
uptime-weights = Uma interrupção parcial conta como { $partial } fora do ar, uma grave como { $major }. Desempenho degradado e manutenção contam como disponível.
uptime-not-counted = Não contado
no-uptime = Nenhum componente mostra sua disponibilidade aqui.
component = Componente
older-months = Meses anteriores
newest-months = Meses mais recentes

# feeds
incident = Incidente
scheduled-event = ESTE É UM EVENTO AGENDADO { $name }
labelled = { $label }: { $text }

# histórico
history = Histórico de incidentes
about-history = Todos os incidentes e manutenções de { $name }, os mais recentes primeiro.
no-history = Nenhum incidente foi relatado até agora.
no-incidents-in-month = Nenhum incidente relatado neste mês
older = Incidentes mais antigos
newest = Incidentes mais recentes

# inscrever-se
subscribe = Receber atualizações
subscribe-short = Inscrever-se
subscribe-lead = Receba um e-mail quando um incidente ou uma manutenção for comunicado ou atualizado. Você pode cancelar quando quiser.
email = Endereço de e-mail
email-bad = Digite um endereço de e-mail completo, como nome@exemplo.com.
language = Idioma dos e-mails
subscribe-choices = Escolher o fuso horário e os componentes
time-zone = Fuso horário dos e-mails
time-zone-bad = Escolha um fuso horário da lista, como America/Sao_Paulo.
some-components = Apenas alguns componentes
some-components-text = Marque o que você quer acompanhar. Se não marcar nada, você acompanha a página inteira.
some-components-bad = Escolha no máximo 100 componentes que ainda estejam nesta página.
subscribed = Confira sua caixa de entrada
subscribed-text = Se este endereço é novo por aqui, um e-mail está a caminho com um link para confirmar. Nada mais será enviado antes da confirmação.

# links nos e-mails
confirm = Confirme sua inscrição
confirm-text = Aperte o botão para receber as atualizações de status por e-mail.
confirm-button = Confirmar inscrição
confirmed = Inscrição confirmada
confirmed-text = Você receberá um e-mail quando um incidente ou uma manutenção for comunicado ou atualizado. Todo e-mail traz um link para cancelar.
unsubscribe = Cancelar inscrição
unsubscribe-text = Aperte o botão para não receber mais por e-mail as atualizações de status desta página.
unsubscribe-button = Cancelar inscrição
unsubscribed = Inscrição cancelada
unsubscribed-text = Você não receberá mais as atualizações de status desta página.
unsubscribe-noted-text = Está anotado. Você não receberá mais e-mails deste tipo assim que nossos sistemas voltarem a responder; até lá, algum ainda pode estar a caminho.
link-bad = Este link não vale mais
link-bad-text = Ele pode ter expirado ou não ter sido copiado por inteiro. Se queria se inscrever, faça isso de novo na página de status.

# o próprio servidor
landing = Aqui moram páginas de status
landing-text = Este servidor hospeda páginas de status: cada uma diz, em um só lugar, se um produto funciona, o que está quebrado enquanto está quebrado e o que aconteceu antes.
landing-address = Cada página tem seu próprio endereço, como { $name }. Se você seguiu um link para uma página de status, confira se o endereço está completo.
missing = Página não encontrada
missing-text = Não há página neste endereço. Confira se ele está completo e escrito corretamente.
as-of = Situação em { $name }. A mais recente não pode ser obtida agora; a falha é nossa.
away = Não é possível mostrar esta página agora
away-text = A falha é nossa e nada diz sobre o estado dos sistemas que você veio ver. Tente de novo em instantes.
close = Fechar
