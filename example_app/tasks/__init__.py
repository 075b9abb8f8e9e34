"""Jobs: what may happen a little later than the commit that asks for it. Each may run twice without harm."""
