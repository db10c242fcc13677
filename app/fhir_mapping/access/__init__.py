"""Who may ask and what they may do, in SMART's words: scopes, roles, clients, and who acts."""
