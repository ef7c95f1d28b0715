"""A hook of mkdocs: what pages say of files outside docs/ (rules' fixtures, modules) is shown as their names.

On a code host such a link leads to the file; a site has no such file.  With `repo_url` in mkdocs.yml it leads there.
"""

import posixpath
import re

_LINK = re.compile(r"(?<!!)\[([^\]]*)\]\((\.\./[^)#\s]*)(#[^)\s]*)?\)")


def on_page_markdown(markdown, page, config, files):
    """The page with links that stay within the site.  Called by mkdocs."""
    folder = posixpath.dirname("docs/" + page.file.src_uri)

    def link(match):
        path = posixpath.normpath(posixpath.join(folder, match[2]))
        if path.startswith("docs/"):
            return match[0]
        if config["repo_url"]:
            return f"[{match[1]}]({config['repo_url'].rstrip('/')}/blob/HEAD/{path}{match[3] or ''})"
        return match[1] if match[1].startswith("`") else f"{match[1]} (`{path}`)"

    return _LINK.sub(link, markdown)
