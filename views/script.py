"""What Streamlit runs for a visitor whenever their browser asks: the page that they are on."""

from views.startup import run_page

run_page()
