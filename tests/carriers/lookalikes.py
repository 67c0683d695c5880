"""Tell values that look like a person's, by the name of the member that they stand in and by their form."""

import re
from typing import Final

from app.personal import Path
from tests.carriers.privacy import personal_data

_NAMES: Final = re.compile(
    r"name|nome|nombre|(?<!as)sign(?:ed|er|atur)|(?<!info)(?<!info[ _])receiv(?!ed[ _]?(?:at|date)|ed$)"
    r"|recebedor|receptor|recipient|destinat[aá]ri|destination[ _]?(?:city|state|postal|zip|address)|consignee"
    r"|customer|cliente|buyer|comprador|driver|courier(?!_?code)|conductor|staff"
    r"|cpf|cnpj|document(?!s$)|curp|passport|phone|telefone|celular|mobile|\btel\b|contact|e?mail"
    r"|street|logradouro|endereco|address|bairro|complement|postal|zip|\bcep\b|postcode"
    r"|lat(?:itude)?$|l(?:on|ng)(?:gitude)?$|longitude|coordinate"
    r"|foto|photo|image|picture|evidence|evidencia|proof|\bpod\b|label|plate"
    r"|comment|coment|observa|remark|\bnote\b|nickname",
    re.IGNORECASE,
)
_FILE: Final = re.compile(r"https?://\S+\.(?:png|jpe?g|gif|pdf|webp)\b|https?://(?:pod|proof)\.", re.IGNORECASE)
_POSITION: Final = re.compile(r"-?\d{1,3}\.\d{4,}")
_CPF: Final = re.compile(r"\d{3}\.\d{3}\.\d{3}-\d{2}")
_IMAGE: Final = ("/9j/", "iVBOR")
# What says which carrier, service or status it is, and whose members are no persons.
_NEVER: Final = re.compile(
    r"(?:carrier|courier)_?(?:code|id)$|^lastest_checkpoint|^received$|^address(?:country|locality)|country_?code"
    r"|status-label|mailclass|is_?return|customertransactionid|imminent|status_?name$|customer_?id$",
    re.IGNORECASE,
)


def looks_personal(path: Path, value: object) -> bool:
    """Tell whether a value at a path looks personal."""
    name = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", path[-1] if path else "")
    if _NAMES.search(name.replace("_", " ")) or _NAMES.search(name):
        return not _NEVER.search(name) and not _NEVER.search(name.replace("_", ""))
    if any(
        re.fullmatch(r"(?i)recipient|recebedor|destinatario|consignee|driver|courier|dropoff|ship_?to", n) for n in path
    ):
        return True
    if not isinstance(value, str):
        return False
    is_of_a_form = _FILE.search(value) or _POSITION.fullmatch(value) or _CPF.search(value) or value.startswith(_IMAGE)
    return bool(is_of_a_form or personal_data(value) or "@" in value)
