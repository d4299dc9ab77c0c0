"""The form that takes a file of past answers."""

from wtforms import FileField

from survey.web.forms import Form


class UploadForm(Form):
    """A file to be looked at; nothing is imported yet."""

    file = FileField("A CSV file", render_kw={"accept": ".csv,.tsv,.txt,text/csv"})
