"""Where words leave a deployment for people: a mail server, a chat's webhook."""
