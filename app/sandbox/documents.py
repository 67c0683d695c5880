"""Orders as the API shows them: the document of GET order, and the row of the list."""

from datetime import datetime

from app.sandbox.identity import FULFILLMENT_PREFIX
from app.sandbox.options import SandboxOptions
from app.sandbox.orders import CourierStatus, Item, Order, Package, TrackingRow
from app.sandbox.timestamps import vtex_timestamp

__all__ = ["SALES_CHANNEL", "list_row", "order_document"]

SALES_CHANNEL = "1"

_STATUS_WORDS = {
    "waiting-for-sellers-confirmation": "Aguardando confirmação do seller",
    "payment-pending": "Pagamento Pendente",
    "payment-approved": "Pagamento Aprovado",
    "ready-for-handling": "Pronto para o Manuseio",
    "handling": "Preparando Entrega",
    "invoiced": "Faturado",
    "canceled": "Cancelado",
}

Document = dict[str, object]


def order_document(order: Order, asked_id: str, options: SandboxOptions) -> Document:
    """Show a whole order; asked for by its fulfillment id, it is the fulfillment side's."""
    identity = order.identity
    as_fulfillment = asked_id == identity.seller_order_id != order.order_id
    shown_id = identity.seller_order_id if as_fulfillment else order.order_id
    return {
        "orderId": shown_id,
        "sequence": order.sequence,
        "marketplaceOrderId": identity.marketplace_order_id,
        "marketplaceServicesEndpoint": f"https://oms.example/api/oms?an={order.account}",
        "sellerOrderId": identity.seller_order_id,
        "origin": "Fulfillment" if as_fulfillment else identity.origin,
        "affiliateId": identity.affiliate_id,
        "salesChannel": SALES_CHANNEL,
        "merchantName": None,
        "status": order.status,
        "workflowIsInError": False,
        "statusDescription": _STATUS_WORDS.get(order.status, order.status),
        "value": order.value,
        "creationDate": vtex_timestamp(order.created_at),
        "lastChange": vtex_timestamp(order.last_change),
        "orderGroup": identity.order_group,
        "followUpEmail": order.shopper.email,
        "lastMessage": None,
        "hostname": order.account,
        "isCompleted": order.status not in {"payment-pending", "canceled"},
        "roundingError": 0,
        "orderFormId": None,
        "allowCancellation": order.status not in {"invoiced", "canceled"},
        "allowEdition": False,
        "isCheckedIn": False,
        "authorizedDate": _optional(order.authorized_at),
        "invoicedDate": _optional(order.invoiced_at),
        "cancelReason": None,
        "checkedInPickupPointId": None,
        **_fixed_parts(order),
        "packageAttachment": {"packages": [_package(package, options) for package in order.packages]},
        "shippingData": _shipping(order),
        "clientProfileData": _client(order),
        "items": [_item(item, order) for item in order.items],
        "marketplaceItems": [],
    }


def list_row(order: Order) -> Document:
    """Show an order as the list does: without packages, and with ``items`` always null."""
    identity = order.identity
    foreign = identity.marketplace_order_id != order.order_id
    return {
        "orderId": order.order_id,
        "creationDate": _whole_seconds(order.created_at),
        "clientName": order.shopper.name,
        "items": None,
        "totalValue": order.value,
        "paymentNames": "Boleto Bancário",
        "status": order.status,
        "statusDescription": _STATUS_WORDS.get(order.status, order.status),
        "marketPlaceOrderId": identity.marketplace_order_id if foreign else None,
        "sequence": order.sequence,
        "salesChannel": SALES_CHANNEL,
        "affiliateId": identity.affiliate_id,
        "origin": identity.origin,
        "workflowInErrorState": False,
        "workflowInRetry": False,
        "lastMessageUnread": None,
        "ShippingEstimatedDate": None,
        "ShippingEstimatedDateMax": None,
        "ShippingEstimatedDateMin": None,
        "orderIsComplete": True,
        "listId": None,
        "listType": None,
        "authorizedDate": _whole_seconds(order.authorized_at) if order.authorized_at else None,
        "callCenterOperatorName": None,
        "totalItems": sum(item.quantity for item in order.items),
        "currencyCode": "BRL",
    }


def _fixed_parts(order: Order) -> Document:
    """Fill the parts that say nothing about shipping, so that a client finds every key."""
    items_value = sum(item.price * item.quantity for item in order.items)
    totals = {"Items": items_value, "Discounts": 0, "Shipping": order.value - items_value, "Tax": 0}
    return {
        "totals": [{"id": name, "name": name, "value": value} for name, value in totals.items()],
        "sellers": [
            {"id": "1", "name": order.account, "logo": None, "fulfillmentEndpoint": None},
        ],
        "clientPreferencesData": {"locale": "pt-BR", "optinNewsLetter": False},
        "cancellationData": None,
        "taxData": None,
        "subscriptionData": None,
        "itemMetadata": None,
        "marketplace": {"baseURL": None, "isCertified": None, "name": order.account},
        "storePreferencesData": {
            "countryCode": "BRA",
            "currencyCode": "BRL",
            "currencySymbol": "R$",
            "timeZone": "E. South America Standard Time",
        },
        "customData": None,
        "commercialConditionData": None,
        "openTextField": None,
        "invoiceData": None,
        "changesAttachment": None,
        "callCenterOperatorData": None,
        "paymentData": {"transactions": [], "giftCards": []},
        "ratesAndBenefitsData": {"id": "ratesAndBenefitsData", "rateAndBenefitsIdentifiers": []},
        "marketingData": None,
        "giftRegistryData": None,
    }


def _package(package: Package, options: SandboxOptions) -> Document:
    return {
        "items": [
            {
                "itemIndex": item.item_index,
                "id": item.id,
                "quantity": item.quantity,
                "price": item.price,
                "description": item.description,
                "unitMultiplier": 1.0,
            }
            for item in package.items
        ],
        "courier": package.courier,
        "description": None,
        "invoiceNumber": package.invoice_number,
        "invoiceValue": package.invoice_value,
        "invoiceUrl": package.invoice_url,
        "issuanceDate": vtex_timestamp(package.issuance_date),
        "trackingNumber": package.tracking_number,
        "trackingUrl": package.tracking_url,
        "dispatchedDate": _optional(package.dispatched_date),
        "invoiceKey": package.invoice_key,
        "embeddedInvoice": None,
        "type": package.type,
        "courierStatus": _courier_status(package.courier_status, options),
        "cfop": None,
        "lastChange": vtex_timestamp(package.last_change),
        "restitutions": {},
        "volumes": package.volumes,
        "EnableInferItems": False,
    }


def _courier_status(status: CourierStatus | None, options: SandboxOptions) -> Document | None:
    if status is None:
        return None
    rows = status.newest_first if options.row_order == "newest_first" else status.rows
    return {
        "status": status.status,
        "finished": status.finished,
        "deliveredDate": _optional(status.delivered_date),
        "data": [_row(row) for row in rows],
    }


def _row(row: TrackingRow) -> Document:
    return {
        "lastChange": vtex_timestamp(row.last_change),
        "city": row.city,
        "state": row.state,
        "description": row.description,
        "createDate": vtex_timestamp(row.create_date),
    }


def _item(item: Item, order: Order) -> Document:
    return {
        "uniqueId": f"{order.sequence}{item.id}".upper(),
        "id": item.id,
        "productId": item.id,
        "ean": None,
        "lockId": FULFILLMENT_PREFIX + order.order_id,
        "quantity": item.quantity,
        "seller": "1",
        "name": item.name,
        "refId": None,
        "price": item.price,
        "listPrice": item.price,
        "sellingPrice": item.price,
        "unitMultiplier": 1.0,
        "isGift": False,
    }


def _shipping(order: Order) -> Document:
    shopper = order.shopper
    return {
        "id": "shippingData",
        "address": {
            "addressType": "residential",
            "receiverName": shopper.name,
            "city": shopper.city,
            "state": shopper.state,
            "country": "BRA",
        },
        "logisticsInfo": [
            {
                "itemIndex": index,
                "selectedSla": "Normal",
                "deliveryChannel": "delivery",
                "deliveryIds": [{"courierId": "1", "courierName": "Normal", "quantity": 1}],
            }
            for index, _ in enumerate(order.items)
        ],
        "trackingHints": None,
        "selectedAddresses": [],
    }


def _client(order: Order) -> Document:
    first_name, _, last_name = order.shopper.name.partition(" ")
    return {
        "id": "clientProfileData",
        "email": order.shopper.email,
        "firstName": first_name,
        "lastName": last_name,
        "documentType": "cpf",
        "document": order.shopper.document,
        "phone": None,
        "isCorporate": False,
    }


def _optional(moment: datetime | None) -> str | None:
    return vtex_timestamp(moment) if moment else None


def _whole_seconds(moment: datetime) -> str:
    return vtex_timestamp(moment)[:19] + "+00:00"
