"""``python -m survey`` is ``survey``."""

import sys

from survey.cli import main

sys.exit(main())
