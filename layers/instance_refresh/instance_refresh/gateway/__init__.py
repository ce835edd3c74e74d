"""The only code that talks to Tencent Cloud."""

import warnings

# layers/build.py leaves out what guesses encodings, as no text is read through requests.
warnings.filterwarnings("ignore", "Unable to find acceptable character detection")
