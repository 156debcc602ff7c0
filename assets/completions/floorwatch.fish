# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_floorwatch_global_optspecs
    string join \n c/config= log-file= ascii theme= locked utc timezone= h/help V/version
end

function __fish_floorwatch_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_floorwatch_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_floorwatch_using_subcommand
    set -l cmd (__fish_floorwatch_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c floorwatch -n "__fish_floorwatch_needs_command" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -s V -l version -d 'Print version'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "demo" -d 'The board, fed by a simulated floor'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "replay" -d 'A recorded day as if it were live: pause, step, seek'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "report" -d 'Figures from files'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "hub" -d 'The floor without a screen, for many boards'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "snapshot" -d 'One look at a running floor, for scripts and monitors: exit code 0 ok, 1 warning, 2 critical, 3 unknown'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "alerts" -d 'The alerts of a running floor: list, acknowledge, snooze, history'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "check" -d 'Is the configuration sound, does each source answer, what would it see?'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "completions" -d 'Completions for a shell, to its standard output'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "man" -d 'The manual page, to standard output'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l seed -d 'The same seed makes the same day' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l speed -d 'How many times faster than life' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l scenario -d 'What kind of day' -r -f -a "calm\t''
monday\t''
outage\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l speed -d 'How many times faster than life' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l from -d 'Begin here: RFC 3339, or a date or date and time on the centre\'s clock' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l columns -d 'The file whose `[csv]` table names the columns of CSV files' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l from -d 'From here: RFC 3339, or a date or date and time on the centre\'s clock [default: the first event]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l to -d 'To here, exclusive [default: the last event]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l by -d 'One row for each value of these: one or two of queue, intent, agent, channel, team' -r -f -a "queue\t''
intent\t''
agent\t''
channel\t''
team\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l every -d 'One row for each step: 15m, 30m, 1h, 1d' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l service-level -d 'The service level\'s threshold in seconds' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l formula -d 'Which of the six service levels' -r -f -a "offered\t''
short_excluded\t''
late_abandons\t''
short_credited\t''
positive\t''
answered\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l short-abandon -d 'Whoever hangs up sooner than this is a short abandon, in seconds' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l fcr-window -d 'Within which a further contact makes the first one unresolved: 7d' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l format -d 'The report\'s form' -r -f -a "table\t''
json\t''
csv\t''
markdown\t''
html\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l columns -d 'The file whose `[csv]` table names the columns of CSV files' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l listen -d 'Where to listen [default: what the configuration says, else 127.0.0.1:7070]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -f -a "token" -d 'Make a token: prints it once, and what to write into the hub\'s configuration'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l window -d 'Over which time' -r -f -a "15m\t''
30m\t''
1h\t''
interval\t''
today\t''
7d\t''
30d\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l queue -d 'This queue alone' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l json -d 'As JSON: the board, and the figures of every queue'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l csv -d 'As a table with commas, a row a queue'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l text -d 'In lines to read (the default)'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l unacknowledged -d 'Alerts that are acknowledged or snoozed don\'t count'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "list" -d 'The alerts that are not over, the worst first'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "history" -d 'The alerts that are over, the newest first'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "ack" -d 'Acknowledge an alert'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "snooze" -d 'Snooze an alert'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "note" -d 'Add a note to an alert'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "undo" -d 'Undo one\'s own acknowledgement or snooze'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l json -d 'As JSON'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l limit -d 'At most so many' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l json -d 'As JSON'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l note -d 'Add a note' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l for -d 'For how long [default: what the configuration says]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l columns -d 'The file whose `[csv]` table names the columns of CSV files' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l timeout -d 'How long a source may take to answer' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l json -d 'Write one JSON object instead of lines'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l log-file -d 'Write a log to this file; the screen never shows one' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l theme -d 'The colours; `NO_COLOR` in the environment has the last word' -r -f -a "terminal\t''
dark\t''
light\t''
colour-blind\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l timezone -d 'Tell times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l ascii -d 'Draw with ASCII only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l locked -d 'Keys and the mouse do nothing: for a wall that nobody is to touch'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l utc -d 'Tell times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -s h -l help -d 'Print help'
