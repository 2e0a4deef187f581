"""How parallel should this machine be: tries settings of a worker, measures each in fresh processes, advises."""
