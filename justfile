# The commands people repeat. `just` without a name lists them.

_list:
    @just --list

# The simulated floor, or with a configuration the real one
run *args:
    cargo run -- {{args}}

# All tests, or those whose name contains a word
test *filter:
    cargo test {{filter}}

# Everything a change has to pass
ci:
    .ci/run

# Write the generated parts of docs/, the manual pages and the completions anew
docs:
    UPDATE_DOCS=1 cargo test --test it -- docs:: packaging::

# Accept the pages as they are drawn now; look at the difference before you commit
bless:
    INSTA_UPDATE=always cargo test --lib ui::

# Measure: engine, report, pages, wire, hub_load
bench name *args:
    cargo bench --bench {{name}} -- {{args}}

# The API documentation of the crate
doc:
    cargo doc --no-deps --open

# The binary that is handed out, and the Debian package of it
package:
    cargo deb --profile dist
