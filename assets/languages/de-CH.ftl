# Was in der Schweiz anders geschrieben wird.

number-decimal = .
number-group = ’
