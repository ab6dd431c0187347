# ページの文言。名前はページのメンバーが付けたもので、埋め込む場所でエスケープされます。

# コンポーネントの状態
status-operational = 正常稼働中
status-under-maintenance = メンテナンス中
status-degraded-performance = パフォーマンス低下
status-partial-outage = 一部障害
status-major-outage = 重大な障害
status-unknown = 不明

# ページ全体の状態
overall-operational = すべてのシステムが正常に稼働しています
overall-service-under-maintenance = サービスのメンテナンス中です
overall-system-under-maintenance = システムのメンテナンス中です
overall-partially-degraded = サービスの一部で性能が低下しています
overall-degraded = サービスの性能が低下しています
overall-minor-outage = 軽微な障害が発生しています
overall-partial-outage = 一部で障害が発生しています
overall-major-outage = 重大な障害が発生しています
overall-unknown = 状態が不明です

# インシデントの段階
phase-investigating = 調査中
phase-identified = 原因特定済み
phase-monitoring = 経過観察中
phase-resolved = 解決済み
phase-unknown = 不明
phase-same = 更新

# メンテナンスの段階
maintenance-scheduled = 予定
maintenance-in-progress = 実施中
maintenance-verifying = 確認中
maintenance-completed = 完了
maintenance-cancelled = 中止
maintenance-unknown = 不明

# インシデントの影響
impact-none = 影響なし
impact-minor = 軽微な影響
impact-major = 大きな影響
impact-critical = 深刻な影響
impact-unknown = 影響不明

# ページ
page-title = { $name }のステータス
page-title-word = ステータス
skip = 本文へ移動
nothing-affected = 現在、問題は発生していません。
open-incidents = 対応中のインシデント
open-count = { $count ->
   *[other] 対応中のインシデント{ $count }件
}
active-count = { $count ->
   *[other] 実施中のメンテナンス{ $count }件
}
affected-count = { $count ->
   *[other] 影響のあるコンポーネント{ $count }件
}
components = コンポーネント
component-count = { $count ->
   *[other] コンポーネント{ $count }件
}
no-components = コンポーネントはまだありません。
active-maintenances = 実施中のメンテナンス
upcoming-maintenances = 予定されているメンテナンス
recent-maintenances = 最近のメンテナンス
recent-incidents = 最近のインシデント
no-recent-incidents = 過去14日間にインシデントはありません。
no-recent-resolved = 過去14日間に解決されたインシデントはありません。
history-link = インシデント履歴
times = 時刻のタイムゾーンは{ $name }です。
website = ウェブサイト
support = サポート
made-with = Pharosによるステータスページ

# 他社のコンポーネントに連動するもの
follows = { $vendor }の{ $group }に連動
follows-vendor = { $name }に連動
not-heard = { $vendor }から{ $since }以降情報を受信していません

# インシデント
started = 発生
resolved = 解決
lasted = 継続時間：{ $name }
hurt = お客様への影響
since = { $name }から
next-update = 次回の更新：{ $name }まで
next-update-today = 次回の更新：{ $name }まで
next-update-overdue = 次回の更新が遅れています（予定：{ $name }まで）
next-update-overdue-today = 次回の更新が遅れています（予定：{ $name }まで）
component-impacts = コンポーネント別の影響
postmortem = 事後分析
postmortem-link = 事後分析を読む
published = 公開：{ $name }
edited = 編集：{ $name }
earlier = その{ $name }前
earlier-updates = { $count ->
   *[other] 以前の更新{ $count }件
}
affects = 影響範囲
list-and = { $first }、{ $last }
list-comma = 、
in-group = { $group }（{ $names }）
and-more = { $count ->
   *[other] ほか{ $count }件
}
all-updates = { $count ->
   *[other] 更新{ $count }件をすべて見る
}
updates = 更新
permalink = この更新へのリンク
back = 現在の状態

# 所要時間
span-days = { $count }日
span-hours = { $count }時間
span-minutes = { $count }分
span = { $first }{ $second }

# メンテナンス
maintenance = メンテナンス
planned = 予定
began = 開始
ended = 終了
moved-start = 新しい開始予定：{ $name }
moved-end = 新しい終了予定：{ $name }
told-scheduled = メンテナンスを予定しています。
told-moved = 予定時刻が変更されました。
told-in-progress = メンテナンスを開始しました。
told-verifying = 作業が完了し、問題がないことを確認しています。
told-completed = メンテナンスが完了しました。
told-cancelled = メンテナンスは中止されました。

# 稼働率
uptime = 稼働率
uptime-link = 月ごとの稼働率
today = 今日
percent = { $name }%
about-uptime = { $name }の各コンポーネントの月ごとの稼働率。
uptime-lead = 各コンポーネントが月ごとにどれだけ稼働していたかを示します。今月は現時点までの値です。
uptime-of-days = { $count ->
    [1] 本日の稼働率 { $percent }
   *[other] 過去{ $count }日間の稼働率 { $percent }
}
uptime-outages = 障害のあった日
uptime-partial = 一部障害 { $name }
uptime-major = 重大な障害 { $name }
uptime-weights = 一部障害は{ $partial }、重大な障害は{ $major }の停止として計算します。パフォーマンス低下とメンテナンスは稼働として計算します。
uptime-not-counted = 計測対象外
no-uptime = 稼働率を表示しているコンポーネントはありません。
component = コンポーネント
older-months = 以前の月
newest-months = 最新の月

# フィード
incident = インシデント
scheduled-event = これは予定されたイベントです：{ $name }
labelled = { $label }：{ $text }

# 履歴
history = インシデント履歴
about-history = { $name }のすべてのインシデントとメンテナンス（新しい順）。
no-history = これまでに報告されたインシデントはありません。
no-incidents-in-month = この月に報告されたインシデントはありません
older = 以前のインシデント
newest = 最新のインシデント

# 購読
subscribe = 更新情報を受け取る
subscribe-short = 購読する
subscribe-lead = インシデントやメンテナンスのお知らせや更新があったときに、メールでお知らせします。購読はいつでも解除できます。
email = メールアドレス
email-bad = name@example.comのような完全なメールアドレスを入力してください。
language = メールの言語
subscribe-choices = タイムゾーンとコンポーネントを選ぶ
time-zone = メールのタイムゾーン
time-zone-bad = 一覧からタイムゾーンを選んでください（例：Asia/Tokyo）。
some-components = 一部のコンポーネントのみ
some-components-text = 通知を受け取りたいものを選択してください。何も選択しない場合は、ページ全体が対象になります。
some-components-bad = 現在このページにあるコンポーネントを100個まで選択してください。
subscribed = 受信トレイをご確認ください
subscribed-text = 初めてご登録のアドレスには、確認用リンクを記載したメールをお送りしました。確認が完了するまで、ほかのメールはお送りしません。

# メール内のリンク
confirm = 購読の確認
confirm-text = メールでステータス情報を受け取るには、ボタンを押してください。
confirm-button = 購読を確認する
confirmed = 購読を開始しました
confirmed-text = インシデントやメンテナンスのお知らせや更新があったときに、メールでお知らせします。どのメールにも購読解除のリンクがあります。
unsubscribe = 購読を解除
unsubscribe-text = このページのステータス情報をメールで受け取らないようにするには、ボタンを押してください。
unsubscribe-button = 購読を解除する
unsubscribed = 購読を解除しました
unsubscribed-text = 今後、このページのステータス情報はお送りしません。
unsubscribe-noted-text = 承りました。当サーバーが復旧し次第、この種のメールは届かなくなります。それまでの間、送信中のメールが届くことがあります。
link-bad = このリンクは無効です
link-bad-text = 有効期限が切れているか、リンク全体がコピーされていない可能性があります。購読をご希望の場合は、ステータスページでもう一度お申し込みください。

# サーバー
landing = ステータスページのサーバーです
landing-text = このサーバーはステータスページを公開しています。製品が動作しているか、今どこに障害があるか、これまでに何が起きたかを、それぞれのページでまとめてお知らせします。
landing-address = 各ページには{ $name }のような専用のアドレスがあります。ステータスページへのリンクからお越しの場合は、アドレスが完全かどうかご確認ください。
missing = ページが見つかりません
missing-text = このアドレスにページはありません。アドレスが完全で正しいかご確認ください。
as-of = { $name }時点の情報です。当サーバーの問題により、最新の状態を取得できません。
away = 現在このページを表示できません
away-text = 当サーバーの問題であり、ご確認になりたかったシステムの状態を示すものではありません。しばらくしてからもう一度お試しください。
close = 閉じる
