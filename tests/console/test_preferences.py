"""In which language and zone a page is: the reader decides, then the settings, then the browser."""

from zoneinfo import ZoneInfo

from app.web.dependencies import ConsoleOptions, Forwarding
from tests.console.conftest import Enter
from tests.console.filling import told
from tests.web.conftest import Start


def test_the_browser_the_setting_and_the_reader_decide_in_this_order(start: Start, enter: Enter) -> None:
    start()
    for accepted, title in (
        ("pt-BR,pt;q=0.9,en;q=0.8", "Visão geral"),
        ("fr, en;q=0.5", "Overview"),
        ("", "Overview"),
    ):
        assert title in enter(headers={"accept-language": accepted}).open("").text
    start(console=ConsoleOptions(language="pt-BR"))
    me = enter(headers={"accept-language": "en"})
    assert "Visão geral" in me.open("").text
    assert "Overview" in me.open("", lang="en").text
    assert "Overview" in me.open("").text, "it is remembered"
    assert "Overview" in me.open("", lang="tlh").text


def test_times_are_those_of_the_accounts_shoppers(start: Start, enter: Enter) -> None:
    zone = Forwarding(timezone=ZoneInfo("America/Sao_Paulo"))
    relay = start(forwarding={"mystore": zone, "other": zone})
    told(relay)
    text = enter(headers={"accept-language": "pt"}).open("/webhooks").text

    assert "04/03/2026 15:04:31" in text
    assert "Horários do fuso America/Sao Paulo." in text
