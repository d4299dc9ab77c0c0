"""What a WSGI server loads: ``gunicorn wsgi:app``."""

from survey.app import create_app

app = create_app()
