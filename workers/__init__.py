"""Workers: processes that speak sentences, and the engines that each of them loads once."""
