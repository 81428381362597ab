# A template of one's own with messages as a list or an object; what it refuses names its line.
cat >list.json <<'END'
[{"role": "user", "content": "Hi \"there\" é"}, {"role": "assistant", "content": ""}]
END
cat >object.json <<'END'
{"messages": [{"role": "user", "content": "Hi"}], "add_generation_prompt": false, "bos_token": "<s>"}
END
cat >chat.jinja <<'END'
{{ bos_token }}{% for m in messages %}
<{{ m.role }}>{{ m.content }}
{% endfor %}
{%- if not messages %}
{{ raise_exception("no messages") }}
{% endif %}
{% if add_generation_prompt %}<assistant>{% endif %}
END
lanner render chat.jinja list.json && echo '|'
lanner render chat.jinja object.json && echo '|'
lanner render chat.jinja - <list.json && echo '|'
echo '[]' >none.json
lanner render chat.jinja none.json
echo "exit $?"
echo '{% if x %}' >open.jinja
lanner render open.jinja list.json
echo "exit $?"
echo '{"a": 1, "a": 2}' | lanner render chat.jinja -
echo "exit $?"
lanner render missing.jinja list.json
echo "exit $?"
