"""Job rows written with the transaction that justifies them, and the relay that releases them."""
