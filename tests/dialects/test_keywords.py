"""What a scan's words mean: negatives before positives, whole words, accents folded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.dialects.keywords import classify, fold, says_returned
from app.model import Milestone


@pytest.mark.parametrize(
    ("text", "milestone"),
    [
        ("Objeto entregue ao destinatário", Milestone.DELIVERED),
        ("ENTREGA REALIZADA", Milestone.DELIVERED),
        ("Paquete entregado", Milestone.DELIVERED),
        ("Objeto não entregue - destinatário ausente", Milestone.FAILED_ATTEMPT),
        ("Não foi possível ser entregue", Milestone.FAILED_ATTEMPT),
        ("No fue entregado", Milestone.FAILED_ATTEMPT),
        ("Tentativa de entrega", Milestone.FAILED_ATTEMPT),
        ("Cliente não atendido", Milestone.FAILED_ATTEMPT),
        ("Entrega não efetuada", Milestone.FAILED_ATTEMPT),
        ("Objeto entregue ao remetente", Milestone.RETURNED),
        ("Entregue no remetente", Milestone.RETURNED),
        ("Entrega realizada ao remetente", Milestone.RETURNED),
        ("Devolvido", Milestone.RETURNED),
        ("Devuelto al remitente", Milestone.RETURNED),
        ("Devolução concluída", Milestone.RETURNED),
        ("Em devolução", Milestone.RETURNING),
        ("Objeto saiu para entrega ao remetente", Milestone.RETURNING),
        ("Será devolvido ao remetente", Milestone.RETURNING),
        ("DEVOLUCAO", Milestone.RETURNING),
        ("Devolver ao remetente", Milestone.RETURNING),
        ("Objeto saiu para entrega", Milestone.OUT_FOR_DELIVERY),
        ("Saída p/ entrega", Milestone.OUT_FOR_DELIVERY),
        ("Encomenda em rota de entrega", Milestone.OUT_FOR_DELIVERY),
        ("EN REPARTO", Milestone.OUT_FOR_DELIVERY),
        ("Objeto aguardando retirada no endereço indicado", Milestone.AVAILABLE_FOR_PICKUP),
        ("Disponible para retiro", Milestone.AVAILABLE_FOR_PICKUP),
        ("Objeto extraviado", Milestone.EXCEPTION),
        ("Carga roubada", Milestone.EXCEPTION),
        ("Mercadoria avariada", Milestone.EXCEPTION),
        ("Endereço do destinatário incorreto", Milestone.EXCEPTION),
        ("Recusado pelo cliente", Milestone.EXCEPTION),
        ("Pedido cancelado", Milestone.CANCELLED),
        ("Cancelar postagem", Milestone.CANCELLED),
        ("Objeto postado", Milestone.IN_TRANSIT),
        ("Objeto encaminhado", Milestone.IN_TRANSIT),
        ("Em trânsito", Milestone.IN_TRANSIT),
        ("Pedido criado", Milestone.PRE_TRANSIT),
        ("Aguardando coleta", Milestone.PRE_TRANSIT),
        ("Averiguar dados", None),
        ("Entregador a caminho da base", None),
        ("Retirada", None),
        ("", None),
    ],
)
def test_words_are_read_as_a_person_would(text: str, milestone: Milestone | None) -> None:
    assert milestone == classify(text)
    assert milestone == classify(text.upper())


def test_a_negation_ends_with_its_sentence() -> None:
    assert classify("Não há mais etapas. Objeto entregue") is Milestone.DELIVERED


def test_the_first_text_that_says_anything_counts() -> None:
    assert classify(None, "Etapa interna", "Entregue", "Devolvido") is Milestone.DELIVERED
    assert classify(None, "") is None


def test_a_return_is_told_wherever_it_is_said() -> None:
    assert says_returned("Entrega realizada", "Entregue ao remetente")
    assert says_returned("EM DEVOLUCAO", None)
    assert not says_returned("Entrega realizada", None)


@given(st.text())
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
