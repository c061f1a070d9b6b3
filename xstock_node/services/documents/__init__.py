"""Papers drawn: PDF where the extra `documents` is there, plain HTML where it is not, labels of handling units."""
