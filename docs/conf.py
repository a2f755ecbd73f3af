"""How Sphinx makes the site of the documents; `docs/tools/build.py` calls it."""

project = "kanade_host"
author = "the kanade_host project"
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
master_doc = "index"
html_theme = "furo"
html_title = "kanade_host"
html_static_path = ["_static"]
html_css_files = ["pictures.css"]
myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence"]
exclude_patterns = ["tools", "README.md"]
# Links into the repository lead somewhere there, as a test sees to, but not on the site.
suppress_warnings = ["myst.xref_missing", "misc.highlighting_failure"]
