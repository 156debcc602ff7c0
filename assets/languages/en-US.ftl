# What is written otherwise in the United States.

number-group = ,
time-clock = %-I:%M:%S%P
time-minute = %-I:%M%P
time-hour = %-I%P
time-day = %b %-d
time-weekday-day = %a, %b %-d
time-weekday-date = %a %-d
time-date-minute = %m/%d/%Y %-I:%M%P
