"""Hands one mail over with smtplib, over SMTP or LMTP, and prints what the server says to it: a line `code text`.

Usage: send_mail.py smtp|lmtp HOST PORT RECIPIENT [RECIPIENT …], the mail on standard input.
"""

import smtplib
import sys

protocol, host, port, *recipients = sys.argv[1:]
client = (smtplib.LMTP if protocol == "lmtp" else smtplib.SMTP)(host, int(port), timeout=60)
mail = sys.stdin.buffer.read()
try:
    refused = client.sendmail("", recipients, mail)
    for recipient in recipients:
        code, text = refused.get(recipient, (250, b"taken"))
        print(code, text.decode())
except smtplib.SMTPRecipientsRefused as error:
    for recipient in recipients:
        code, text = error.recipients[recipient]
        print(code, text.decode())
except smtplib.SMTPResponseException as error:
    for _ in recipients:
        print(error.smtp_code, error.smtp_error.decode())
