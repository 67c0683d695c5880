"""Carriers that were looked into and push nothing that could be found."""

from typing import Final

from app.briefing.facts import WithoutPush

__all__ = ["WITHOUT_PUSH"]

_SERVICES: Final = "EasyPost, Shippo, AfterShip, 17TRACK, Ship24 or Karrio"

WITHOUT_PUSH: Final = (
    WithoutPush(
        name="Braspress, Jamef, Rodonaves, TNT / FedEx Brasil",
        countries=("BR",),
        known="query interfaces of their own, and OCOREN files by FTP or e-mail; pushes only as ordered projects",
        instead="post their OCOREN files (`proceda-ocoren`), or ask for pushes in Confirma Fácil's shape",
    ),
    WithoutPush(
        name="Canada Post",
        countries=("CA",),
        known="an XML query for each number, nothing that subscribes",
        instead=_SERVICES,
    ),
    WithoutPush(
        name="Chilexpress",
        countries=("CL",),
        known="its shop plug-ins hold no webhook",
        instead="Shipit or Envia.com where they carry it, else AfterShip, 17TRACK or Ship24",
    ),
    WithoutPush(
        name="Estafeta, Paquetexpress",
        countries=("MX",),
        known="nothing public",
        instead="Skydropx or Envia.com",
    ),
    WithoutPush(
        name="OCA, Correo Argentino",
        countries=("AR",),
        known="nothing public",
        instead="Envia.com where it carries them, else AfterShip, 17TRACK or Ship24",
    ),
    WithoutPush(
        name="Purolator",
        countries=("CA",),
        known="a SOAP query; whether a push exists is unconfirmed",
        instead=_SERVICES,
    ),
    WithoutPush(
        name="Royal Mail, Evri, DPD, GLS, PostNL, InPost, Australia Post, Aramex",
        countries=("AE", "AU", "DE", "FR", "GB", "NL", "PL"),
        known="no documentation of a push was found",
        instead="EasyPost, Shippo, AfterShip, 17TRACK, Ship24; in Europe also Sendcloud",
    ),
    WithoutPush(
        name="Sequoia",
        countries=("BR",),
        known="nothing public",
        instead="Intelipost, or OCOREN files (`proceda-ocoren`)",
    ),
    WithoutPush(
        name="Servientrega, Interrapidísimo",
        countries=("CO",),
        known="nothing public",
        instead="Envia.com where it carries them, else AfterShip, 17TRACK or Ship24",
    ),
    WithoutPush(
        name="Starken",
        countries=("CL",),
        known="nothing public",
        instead="Shipit or Envia.com where they carry it",
    ),
    WithoutPush(
        name="Total Express",
        countries=("BR",),
        known="a SOAP feed by range of days; receivers in circulation invent their own fields",
        instead="Intelipost or Frenet, or a program that posts the feed to a carrier declared in the configuration",
    ),
)
