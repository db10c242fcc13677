"""Whether a subject responded: the SLE Responder Index, major and partial clinical response (§1.4, §1.5)."""
