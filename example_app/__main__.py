"""`python -m example_app`: the main job."""

import sys

from example_app.demo.main import main

sys.exit(main())
