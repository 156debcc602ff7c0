# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_floorwatch_global_optspecs
    string join \n c/config= log-file= ascii language= theme= plain low-bandwidth locked= at= utc timezone= h/help V/version
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
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -s V -l version -d 'Print version'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "demo" -d 'Show the board of a simulated floor'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "kiosk" -d 'Show the board of the configured floor in figures that are read across a room, page after page'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "replay" -d 'Play a recorded day as if it were live: pause, step, seek'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "report" -d 'Print figures from files'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "map" -d 'Propose which column of a table is which, and show its first contacts'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "hub" -d 'Run the floor without a screen, for many boards'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "snapshot" -d 'Print what a running floor shows now, for scripts and monitors: exit code 0 ok, 1 warning, 2 critical, 3 unknown'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "alerts" -d 'List, acknowledge, snooze and annotate the alerts of a running floor'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "worklist" -d 'List, claim, close and annotate what there is to do on a running floor: whom to call back, low scores to follow up'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "annotate" -d 'Say what happened, so that whoever looks at a curve later knows why it bends: a new script, an outage'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "handover" -d 'Print what the shift leaves to the next one: open alerts, what was done, the worst half hours, who waits'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "digest" -d 'Print what the last week, month or quarter showed against the ones before, and what to do about it'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "audit" -d 'Print which figures and rules of the last 90 days changed what anybody did, and what could go'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "check" -d 'Check the configuration, try each source, and show what it would deliver'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c floorwatch -n "__fish_floorwatch_needs_command" -f -a "man" -d 'Print the manual page'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l seed -d 'The seed of the simulation; the same one gives the same day' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l speed -d 'The speed, as a multiple of real time' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l scenario -d 'The kind of day' -r -f -a "calm\t''
monday\t''
outage\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand demo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l rotate -d 'How long each page is shown [default: as configured, else 20s]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l pages -d 'The pages, separated by commas [default: as configured, else all]' -r -f -a "now\t''
queues\t''
agents\t''
today\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand kiosk" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l speed -d 'The speed, as a multiple of real time' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l from -d 'Where to start: RFC 3339, or a date or date and time in the centre\'s time zone' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l columns -d 'The file whose `[csv]` table names the columns of CSV files' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand replay" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l from -d 'The start: RFC 3339, or a date or date and time in the centre\'s time zone [default: the first event]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l to -d 'The end, exclusive [default: the last event]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l by -d 'A row for each value of one or two dimensions: queue, intent, agent, channel, team' -r -f -a "queue\t''
intent\t''
agent\t''
channel\t''
team\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l every -d 'A row for each step: 15m, 30m, 1h, 1d' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l service-level -d 'The service level threshold in seconds' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l formula -d 'The service level formula' -r -f -a "offered\t''
short_excluded\t''
late_abandons\t''
short_credited\t''
positive\t''
answered\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l short-abandon -d 'An abandon after a shorter wait is a short abandon, in seconds' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l fcr-window -d 'A further contact within this time makes the first one unresolved: 7d' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l format -d 'The format of the report' -r -f -a "table\t''
json\t''
csv\t''
markdown\t''
html\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l columns -d 'The file whose `[csv]` table names the columns of CSV files, or a preset\'s name' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand report" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -s o -l output -d 'Write the proposal to this new file, for `--columns`' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand map" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l listen -d 'The address to listen at [default: as configured, else 127.0.0.1:7070]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and not __fish_seen_subcommand_from token" -f -a "token" -d 'Make a token: prints it once, and what to add to the hub\'s configuration'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand hub; and __fish_seen_subcommand_from token" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l window -d 'The window of the figures' -r -f -a "15m\t''
30m\t''
1h\t''
interval\t''
today\t''
7d\t''
30d\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l queue -d 'Only this queue' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l json -d 'Print JSON: the board, and the figures of every queue'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l csv -d 'Print CSV, with a row per queue'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l text -d 'Print lines for people (the default)'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l unacknowledged -d 'Ignore alerts that are acknowledged or snoozed'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand snapshot" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "list" -d 'List the alerts that have not resolved, the most urgent first'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "history" -d 'List the alerts that have resolved, the newest first'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "ack" -d 'Acknowledge an alert'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "snooze" -d 'Snooze an alert'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "note" -d 'Add a note to an alert'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and not __fish_seen_subcommand_from list history ack snooze note undo" -f -a "undo" -d 'Undo one\'s own acknowledgement or snooze'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l limit -d 'The most alerts to list' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l json -d 'Print JSON'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from history" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l note -d 'A note to add' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l for -d 'How long the acknowledgement lasts [default: as configured]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from ack" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from snooze" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from note" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand alerts; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -f -a "list" -d 'List what there is to do, the oldest first'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -f -a "claim" -d 'Claim an item: others see who has it'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -f -a "done" -d 'Close an item, or say that the customer was not reached'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -f -a "note" -d 'Add a note to an item'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and not __fish_seen_subcommand_from list claim done note undo" -f -a "undo" -d 'Undo one\'s own claim, or what one has closed'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l kind -d 'Only of this kind' -r -f -a "callback\t''
low_score\t''
reopened\t''
long_handling\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l queue -d 'Only of this queue' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l limit -d 'The most items to list' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l closed -d 'Also what was closed today'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l json -d 'Print JSON'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l note -d 'A note to add' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l for -d 'How long the claim lasts [default: as configured]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from claim" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l note -d 'A note to add' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from done" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from note" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand worklist; and __fish_seen_subcommand_from undo" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l from -d 'When it happened or began: a time of today such as 10:30, or a date and time [default: now]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l until -d 'When it ended' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l queue -d 'The queue that it is about [default: the whole floor]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l intent -d 'The intent that it is about' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l remove -d 'Remove one\'s own annotation with this number instead' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand annotate" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l from -d 'When the shift began [default: with the business day, or eight hours ago]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l format -d 'Markdown or an HTML page' -r -f -a "md\t''
html\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand handover" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l before -d 'The time before which the week, month or quarter is over [default: now]' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l format -d 'Markdown or an HTML page' -r -f -a "md\t''
html\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -s o -l output -d 'The file to write [default: standard output]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand digest" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l format -d 'Markdown or an HTML page' -r -f -a "md\t''
html\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand audit" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l columns -d 'The file whose `[csv]` table names the columns of CSV files, or a preset\'s name' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l timeout -d 'The longest time that a source may take to answer' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l json -d 'Write one JSON object instead of lines'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand check" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand completions" -s h -l help -d 'Print help'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -s c -l config -d 'The configuration file [default: floorwatch/config.toml in the user\'s configuration folder]' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l log-file -d 'Write a log to this file; it is never shown on the screen' -r -F
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l language -d 'The language of the board and of reports for people, such as `de`; the default is that of the environment' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l theme -d 'The colours; `NO_COLOR` in the environment takes precedence' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l locked -d 'Ignore keys and the mouse, for a screen in public; with `=view`, the keys of pages and of the window work' -r -f -a "all\t''
view\t''"
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l at -d 'The view that the board opens on, as the key `y` copies it: `queue/billing?window=30m`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l timezone -d 'Show times in this zone, such as `Europe/London`' -r
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l ascii -d 'Draw with ASCII characters only'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l plain -d 'Tell the floor in plain lines, changes only: for screen readers, or to write down'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l low-bandwidth -d 'Draw new data with at most 2,000 bytes a second, for a slow line'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -l utc -d 'Show times in UTC'
complete -c floorwatch -n "__fish_floorwatch_using_subcommand man" -s h -l help -d 'Print help'
