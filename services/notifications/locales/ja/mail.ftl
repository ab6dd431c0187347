# メールの文言。ページの名前はメンバーが付けたもので、整形済みです。

phase-investigating = 調査中
phase-identified = 原因特定済み
phase-monitoring = 経過観察中
phase-resolved = 解決済み
update-investigating = 更新（調査中）
update-identified = 更新（原因特定済み）
update-monitoring = 更新（経過観察中）
update-resolved = 更新（解決済み）

status-operational = 正常稼働中
status-under-maintenance = メンテナンス中
status-degraded-performance = パフォーマンス低下
status-partial-outage = 一部障害
status-major-outage = 重大な障害

colon = :
components = 影響のあるコンポーネント
more-components = { $count ->
   *[other] ほか { $count } 件のコンポーネント
}
reason = このメールは、{ $name } のステータス情報を購読されている方にお送りしています。
stop = 購読を解除する

incident-link = インシデントを見る
next-update = 次回の更新: { $time } まで

maintenance-scheduled = メンテナンスのお知らせ
maintenance-moved = メンテナンスの日程変更
maintenance-in-progress = メンテナンス実施中
maintenance-verifying = メンテナンス確認中
maintenance-completed = メンテナンス完了
maintenance-cancelled = メンテナンス中止
maintenance-update-scheduled = メンテナンスの更新（予定）
maintenance-update-in-progress = メンテナンスの更新（実施中）
maintenance-update-verifying = メンテナンスの更新（確認中）
maintenance-update-completed = メンテナンスの更新（完了）
maintenance-update-cancelled = メンテナンスの更新（中止）
maintenance-scheduled-said = このメンテナンスを予定しています。
maintenance-moved-said = このメンテナンスの予定時刻が変更されました。
maintenance-in-progress-said = このメンテナンスを開始しました。
maintenance-verifying-said = 作業が完了し、問題がないことを確認しています。
maintenance-completed-said = このメンテナンスは完了しました。
maintenance-cancelled-said = このメンテナンスは中止されました。
maintenance-starts-in-minutes = { $minutes ->
   *[other] メンテナンス開始まであと { $minutes } 分
}
maintenance-starts-in-hours = { $hours ->
   *[other] メンテナンス開始まであと { $hours } 時間
}
maintenance-starts-in-days = { $days ->
   *[other] メンテナンス開始まであと { $days } 日
}
maintenance-start = 開始予定
maintenance-end = 終了予定
maintenance-new-start = 新しい開始予定
maintenance-new-end = 新しい終了予定
maintenance-link = メンテナンスを見る

postmortem-published = 事後分析を公開
postmortem-cut = ここまでは事後分析の冒頭です。全文はインシデントのページでご覧いただけます。

reminder-label = 次回の更新の期限
reminder-heading = 次回の更新が必要です
reminder-said = 「{ $title }」の次回の更新は { $time } までと案内されています。まだ何も投稿されていません。
reminder-reason = このメールは、{ $name } に更新を投稿できる方にお送りしています。購読者には送信されません。

confirmation-subject = { $name } の購読をご確認ください
confirmation-heading = 購読をご確認ください
confirmation-request = { $name } のステータス情報をこのアドレスに送信するよう申し込みがありました。受信をご希望の場合は、確認をお願いいたします。
confirmation-link = 購読を確認する
confirmation-otherwise = お心当たりがない場合は、何もしていただく必要はありません。確認が行われない限り、ステータス情報は送信されません。
