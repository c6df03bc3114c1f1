"""How server and page talk: requests as they are checked, answers, errors, files in ranges, who may ask, OpenAPI."""
