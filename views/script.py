"""What Streamlit runs for a visitor whenever their browser asks: the page that they are on."""

from views.warm_up import wait_for_app

wait_for_app().show_page()
