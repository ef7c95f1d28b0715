"""How is a verification shown to people?

    text         rows for a terminal, with curves of one character a point
    html_page    one page that needs nothing else; page_style has its colors, chart draws its pictures

Both take a Result and only read it.  Every word that comes from the measured program passes `hardening.safe` before it
is shown.  Nothing here writes but html_page.write().
"""
