"""The relay's own words for each milestone, for carriers that send none and accounts that prefer them."""

from collections.abc import Mapping
from typing import Final

from app.account import Locale
from app.model import Milestone

__all__ = ["PHRASES"]

PHRASES: Final[Mapping[Locale, Mapping[Milestone, str]]] = {
    Locale.PT_BR: {
        Milestone.PRE_TRANSIT: "Envio registrado na transportadora",
        Milestone.IN_TRANSIT: "Em trânsito",
        Milestone.OUT_FOR_DELIVERY: "Saiu para entrega",
        Milestone.DELIVERED: "Entregue",
        Milestone.AVAILABLE_FOR_PICKUP: "Disponível para retirada",
        Milestone.FAILED_ATTEMPT: "Tentativa de entrega sem sucesso",
        Milestone.EXCEPTION: "Ocorrência no transporte",
        Milestone.RETURNING: "Em devolução ao remetente",
        Milestone.RETURNED: "Devolvido ao remetente",
        Milestone.CANCELLED: "Envio cancelado",
        Milestone.UNKNOWN: "Atualização da transportadora",
    },
    Locale.ES: {
        Milestone.PRE_TRANSIT: "Envío registrado en el transportista",
        Milestone.IN_TRANSIT: "En tránsito",
        Milestone.OUT_FOR_DELIVERY: "En reparto",
        Milestone.DELIVERED: "Entregado",
        Milestone.AVAILABLE_FOR_PICKUP: "Disponible para retirar",
        Milestone.FAILED_ATTEMPT: "Intento de entrega fallido",
        Milestone.EXCEPTION: "Incidencia en el transporte",
        Milestone.RETURNING: "En devolución al remitente",
        Milestone.RETURNED: "Devuelto al remitente",
        Milestone.CANCELLED: "Envío cancelado",
        Milestone.UNKNOWN: "Actualización del transportista",
    },
    Locale.EN: {
        Milestone.PRE_TRANSIT: "Shipment registered with the carrier",
        Milestone.IN_TRANSIT: "In transit",
        Milestone.OUT_FOR_DELIVERY: "Out for delivery",
        Milestone.DELIVERED: "Delivered",
        Milestone.AVAILABLE_FOR_PICKUP: "Available for pickup",
        Milestone.FAILED_ATTEMPT: "Delivery attempt failed",
        Milestone.EXCEPTION: "Delivery exception",
        Milestone.RETURNING: "Returning to the sender",
        Milestone.RETURNED: "Returned to the sender",
        Milestone.CANCELLED: "Shipment cancelled",
        Milestone.UNKNOWN: "Carrier update",
    },
}
