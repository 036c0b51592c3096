#!/bin/sh
# Starts a rule from a working one: src/rules/NAME.rs, rules/NAME.toml, fixtures/NAME.json. Two lines of the registry remain.
set -eu
name=${1:?make rule NAME=new_rule FROM=existing_rule}
from=${2:?make rule NAME=new_rule FROM=existing_rule}
case $name in *[!a-z0-9_]*) echo "a rule's name is made of a-z, 0-9 and _" >&2; exit 1 ;; esac
[ -f "rules/$from.toml" ] || { echo "there is no rule $from" >&2; exit 1; }
[ ! -e "rules/$name.toml" ] || { echo "there is a rule $name already" >&2; exit 1; }
camel() { echo "$1" | awk -F_ '{ for (i = 1; i <= NF; i++) printf "%s%s", toupper(substr($i, 1, 1)), substr($i, 2) }'; }
for file in "src/rules/$from.rs" "rules/$from.toml" "fixtures/$from.json"; do
    sed -e "s/$from/$name/g" -e "s/$(camel "$from")/$(camel "$name")/g" "$file" > "$(dirname "$file")/$name.${file##*.}"
done
echo "Now add to src/rules.rs:  mod $name;  and, sorted:  entry!($name, $(camel "$name")),"
