/* Templates and what Jinja2 makes of them, for test_template.c.
 *
 * Own cases; every expected text was given by Jinja2 3.1.6 (SandboxedEnvironment, trim_blocks,
 * lstrip_blocks, tojson and the other functions as tests/template/oracle.py sets them up), and NULL
 * stands where it raised an error. Included by one file; a row that differs from Jinja2 on purpose
 * is not here but in test_template.c with its reason. */
#ifndef TEST_TEMPLATE_CASES_H
#define TEST_TEMPLATE_CASES_H

typedef struct template_case {
    const char *source, *expected; /* expected NULL: an error that names a line */
} template_case;

static const char case_variables[] =
    "{\"s\": \"Hello World\", \"u\": \"Gr\303\274\303\237e \305\211\303\237 \307\205 \316\221"
    "\316\243 \344\275\240\345\245\275\", \"e\": \"\", \"n\": 7, \"z\": 0, \"neg\": -7, \"f\": "
    "1.5, \"t\": true, \"no\": null, \"l\": [3, 1, 2], \"d\": {\"b\": 2, \"a\": 1, \"C\": 3}, "
    "\"nested\": {\"x\": {\"y\": [10, 20]}}, \"ls\": [\"b\", \"A\", \"c\", \"B\"], \"people\": "
    "[{\"name\": \"Bo\", \"age\": 30}, {\"name\": \"al\", \"age\": 20}, {\"name\": \"Cy\", \"ag"
    "e\": 30}], \"dd\": {\"items\": 1, \"_k\": 2}, \"big\": 9007199254740993, \"html\": \"<a hr"
    "ef=\\\"x\\\">&'</a>\", \"lines\": \"one\\ntwo\\r\\nthree\\n\\nfour\"}";

static const template_case printing_cases[] = {
    {"{{ 1.0 }} {{ 1e16 }} {{ 1e-5 }} {{ 0.1 + 0.2 }} {{ 1e22 }} {{ 123456789012345680.0 }}",
     "1.0 1e+16 1e-05 0.30000000000000004 1e+22 1.2345678901234568e+17"},
    {"{{ true }} {{ false }} {{ none }} {{ True }} {{ None }}", "True False None True None"},
    {"{{ [1, 'a', 1.0, none, true] }}", "[1, 'a', 1.0, None, True]"},
    {"{{ (1,) }} {{ (1, 2) }} {{ () }}", "(1,) (1, 2) ()"},
    {"{{ {'a': 1, 'b': [1, {'c': 'd'}]} }}", "{'a': 1, 'b': [1, {'c': 'd'}]}"},
    {"{{ \"it's\" }} {{ [\"it's\", 'say \"x\"', 'both \\' \"'] }}",
     "it's [\"it's\", 'say \"x\"', 'both \\' \"']"},
    {"{{ ['\\n\\t\\r\\x00\\x7f\\u00a0\\u200b\\\\\303\251\\U0001f41f'] }}",
     "['\\n\\t\\r\\x00\\x7f\\xa0\\u200b\\\\\303\251\360\237\220\237']"},
    {"{{ undefined_thing }}|{{ [undefined_thing] }}", "|[Undefined]"},
    {"{{ d }} {{ d.items() }} {{ d.keys() }} {{ d.values() }}",
     "{'b': 2, 'a': 1, 'C': 3} dict_items([('b', 2), ('a', 1), ('C', 3)]) dict_keys(['b', 'a', "
     "'C']) dict_values([2, 1, 3])"},
    {"{{ range(3) }} {{ range(1, 9, 2) }}", "range(0, 3) range(1, 9, 2)"},
    {"{{ namespace(a=1) }}", "<Namespace {'a': 1}>"},
    {"{{ u }}",
     "Gr\303\274\303\237e \305\211\303\237 \307\205 \316\221\316\243 \344\275\240\345\245\275"},
    {"{{ 9223372036854775807 }} {{ -9223372036854775807 - 1 }}",
     "9223372036854775807 -9223372036854775808"},
    {"{{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 1_0.5 }} {{ 1.5e3 }} {{ 1E-2 }}",
     "31 5 15 1000 10.5 1500.0 0.01"},
    {"{{ 'a' 'b' \"c\" }}", "abc"},
    {"{{ 1, 2 }}", "(1, 2)"},
    {"{{ -0.0 }} {{ 0.0 }}", "-0.0 0.0"},
    {"{{ '\\101\\x41\\u0041\\q' }}", "AAA\\q"},
    {"{{ 'a\\\nb' }}", "ab"},
    {"{{ big }} {{ f }}", "9007199254740993 1.5"},
    {"{{ loop }}", ""},
    {"{% for x in l %}{{ loop }}{% endfor %}",
     "<LoopContext 1/3><LoopContext 2/3><LoopContext 3/3>"},
    {"{% macro m() %}{% endmacro %}{{ m }} {{ m.name }}", "<Macro 'm'> m"},
};

static const template_case operators_cases[] = {
    {"{{ 7 // 2 }} {{ -7 // 2 }} {{ 7 // -2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }}",
     "3 -4 -4 1 2 -2"},
    {"{{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }} {{ -7.5 // 2 }}", "3.0 0.5 -0.5 -4.0"},
    {"{{ 7 / 2 }} {{ 6 / 3 }}", "3.5 2.0"},
    {"{{ 2 ** 10 }} {{ 2 ** -1 }} {{ 2.0 ** 0.5 }} {{ -2 ** 2 }} {{ 2 ** 3 ** 2 }}",
     "1024 0.5 1.4142135623730951 4 64"},
    {"{{ 1 + 2 * 3 - 4 }} {{ (1 + 2) * 3 }}", "3 9"},
    {"{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 2 * 'x' }} {{ [1] + [2] }} {{ [0] * 3 }} {{ (1,) + (2,)"
     " }}",
     "ab ababab xx [1, 2] [0, 0, 0] (1, 2)"},
    {"{{ 'a' ~ 1 ~ none ~ 1.0 ~ true ~ [1] }}", "a1None1.0True[1]"},
    {"{{ 1 + 2 ~ 3 + 4 }}", NULL},
    {"{{ true + true }} {{ -true }} {{ +true }}", "2 -1 1"},
    {"{{ 1 == 1.0 }} {{ 1 == true }} {{ 'a' == 'a' }} {{ [1, 2] == [1, 2] }} {{ {'a': 1} == {'a"
     "': 1.0} }} {{ none == none }} {{ 1 == '1' }}",
     "True True True True True True False"},
    {"{{ 1 < 2 <= 2 < 3 }} {{ 1 < 2 > 5 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ (1,) < (1, "
     "0) }}",
     "True False True True True"},
    {"{{ 1 != 2 }} {{ 'a' != 'a' }}", "True False"},
    {"{{ 'ell' in s }} {{ 2 in l }} {{ 'a' in d }} {{ 5 not in l }} {{ 'x' in undefined_thing }"
     "} {{ '' in '' }}",
     "True True True True False True"},
    {"{{ not true }} {{ not e }} {{ not 1 == 2 }} {{ not not 1 }}", "False True True True"},
    {"{{ 1 and 2 }} {{ 0 and 2 }} {{ 0 or 'x' }} {{ '' or none }} {{ 1 or undefined_thing.x }}",
     "2 0 x None 1"},
    {"{{ 'yes' if t else 'no' }} {{ 'yes' if z }}|{{ 'a' if z else 'b' if z else 'c' }}", "yes |c"},
    {"{{ -7 | abs }} {{ -n | abs }} {{ 2 + 3 | string }}", NULL},
    {"{{ 9007199254740993 == 9007199254740992.0 }} {{ 9007199254740993 > 9007199254740992.0 }}",
     "False True"},
    {"{{ undefined_a == undefined_b }} {{ undefined_a == none }}", "True False"},
    {"{{ '%s is %d, %.2f%% of %r' % ('x', 3, 2.345, 'y') }} {{ '%s' % 5 }} {{ '%%' % () }}",
     "x is 3, 2.35% of 'y' 5 %"},
    {"{{ 10 % 3 * 2 }} {{ 2 * 10 % 3 }}", "2 2"},
    {"{{ [1, 2, 3] | length + 1 }}", "4"},
    {"{{ 1 if true else 2 + 3 }}", "1"},
    {"{{ (1 if false else 2) + 3 }}", "5"},
    {"{{ 5 in [1, 5] and 'a' in 'abc' }}", "True"},
    {"{{ 1.0 // 0.1 }} {{ 1.0 % 0.1 }} {{ 5.0 // -0.0001 }}", "9.0 0.09999999999999995 -50000.0"},
    {"{{ 1e308 * 10 }} {{ -1e308 * 10 }}", "inf -inf"},
    {"{{ (1, 2) in [(1, 2)] }} {{ {(1, 2): 'x'}[(1, 2)] }}", "True x"},
};

static const template_case access_cases[] = {
    {"{{ nested.x.y[1] }} {{ nested['x']['y'][-1] }} {{ nested.x['y'].0 }}", "20 20 10"},
    {"{{ d.missing }}|{{ d['missing'] }}|{{ l[10] }}|{{ l[-4] }}|{{ s[100] }}", "||||"},
    {"{{ d.missing is defined }} {{ d.a is defined }} {{ l[0] is defined }}", "False True True"},
    {"{{ dd['items'] }} {{ dd.items is callable }} {{ dd._k }}", "1 True 2"},
    {"{{ d['items'] is mapping }} {{ d['keys'] is callable }}", "False True"},
    {"{{ s[0] }} {{ s[-1] }} {{ u[2] }} {{ u[0:3] }}", "H d \303\274 Gr\303\274"},
    {"{{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ l[::2] }} {{ l[5:] }} {{ l[-2:] }} {{ l[2:0:-1]"
     " }} {{ l[1:1] }}",
     "[1, 2] [3, 1] [2, 1, 3] [3, 2] [] [1, 2] [2, 1] []"},
    {"{{ s[2:5] }} {{ s[::-1] }} {{ s[::3] }} {{ s[-3:] }} {{ u[::-1] }} {{ s[10:2:-3] }}",
     "llo dlroW olleH HlWl rld \345\245\275\344\275\240 \316\243\316\221 \307\205 \303\237\305"
     "\211 e\303\237\303\274rG doo"},
    {"{{ (1, 2, 3)[1:] }} {{ range(10)[2] }} {{ range(10)[2:5] | list }} {{ range(10)[-1] }}",
     "(2, 3) 2 [2, 3, 4] 9"},
    {"{{ d[none] }}|{{ l['x'] }}|{{ none.x }}|{{ 1.5.x }}", "|||"},
    {"{{ ''.__class__ }}|{{ s.__len__ }}|{{ s._x }}", "||"},
    {"{{ l[true] }}", "1"},
    {"{{ {1: 'a', 1.5: 'b', none: 'c', true: 'd'}[1] }} {{ {1: 'a', none: 'c'}[none] }}", "d c"},
    {"{{ d.get('a') }} {{ d.get('q') }} {{ d.get('q', 5) }}", "1 None 5"},
    {"{{ {'a': 1, 'a': 2} }}", "{'a': 2}"},
    {"{{ l[none:none:none] }}", "[3, 1, 2]"},
    {"{{ s['upper']() }}", "HELLO WORLD"},
    {"{{ 'abc'[1:][0] }}", "b"},
    {"{{ l[:100] }} {{ l[-100:] }} {{ l[100:-100:-1] }}", "[3, 1, 2] [3, 1, 2] [2, 1, 3]"},
    {"{{ d[l] is defined }}", "False"},
    {"{{ range(9)[::2] }} {{ range(9)[5:1:-2] }} {{ range(9)[5:1:-2] | list }}",
     "range(0, 9, 2) range(5, 1, -2) [5, 3]"},
    {"{{ none | map('upper') | list }} {{ 0 | select | list }} {{ q | selectattr('x') | list }}",
     "[] [] []"},
    {"{{ 'a' % q }}|{{ '%s' % [1] }}|{{ [1, 2] | truncate(5) }}", "a|[1]|[1, 2]"},
};

static const template_case statements_cases[] = {
    {"{% if n > 5 %}big{% elif n > 3 %}mid{% else %}small{% endif %}", "big"},
    {"{% if z %}a{% elif e %}b{% else %}c{% endif %}", "c"},
    {"{% for x in l %}{{ x }},{% endfor %}", "3,1,2,"},
    {"{% for x in [] %}a{% else %}none{% endfor %}", "none"},
    {"{% for k in d %}{{ k }}{% endfor %}", "baC"},
    {"{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}", "b=2;a=1;C=3;"},
    {"{% for c in 'a\303\261b' %}[{{ c }}]{% endfor %}", "[a][\303\261][b]"},
    {"{% for x in undefined_thing %}a{% else %}b{% endfor %}", "b"},
    {"{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{"
     "{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
     "1032TrueFalse3 2121FalseFalse3 3210FalseTrue3 "},
    {"{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
     "<3>1 3<1>2 1<2> "},
    {"{% for x in l %}{{ loop.cycle('a', 'b') }}{{ loop.changed(x > 1) }}{% endfor %}",
     "aTruebTrueaTrue"},
    {"{% for x in range(10) if x % 2 %}{{ loop.index }}:{{ x }}{{ '' if loop.last else ',' }}{%"
     " endfor %}",
     "1:1,2:3,3:5,4:7,5:9"},
    {"{% for x in range(6) if x > 2 %}{{ loop.length }}{{ x }} {% endfor %}", "33 34 35 "},
    {"{% for x in range(6) if x > 9 %}x{% else %}no{% endfor %}", "no"},
    {"{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %"
     "}{% endif %}{{ x }}{% endfor %}",
     "0134"},
    {"{% for x in l %}{% for y in [1, 2] %}{{ loop.index }}{% if y == 1 %}{% continue %}{% endi"
     "f %}.{% endfor %}{{ loop.index }} {% endfor %}",
     "12.1 12.2 12.3 "},
    {"{% for a, (b, c) in [(1, (2, 3)), [4, [5, 6]]] %}{{ a }}{{ b }}{{ c }} {% endfor %}",
     "123 456 "},
    {"{% for x in nested.x.y recursive %}{{ x }}{% endfor %}", "1020"},
    {"{% for x in [[1, [2, 3]], 4] recursive %}{% if x is sequence %}<{{ loop(x) }}>{% else %}{"
     "{ x }}@{{ loop.depth }}{{ loop.depth0 }}{% endif %}{% endfor %}",
     "<1@21<2@323@32>>4@10"},
    {"{% set x = 1 %}{% for i in l %}{% set x = x + 1 %}{{ x }}{% endfor %}{{ x }}", "2221"},
    {"{% set ns = namespace(x=0) %}{% for i in l %}{% set ns.x = ns.x + i %}{% endfor %}{{ ns.x"
     " }}",
     "6"},
    {"{% set a, b = 1, 2 %}{{ a }}{{ b }}", "12"},
    {"{% set a, b = 'xy' %}{{ a }}-{{ b }}", "x-y"},
    {"{% set x %}<{{ n }}>{% endset %}{{ x }}{{ x | length }}", "<7>3"},
    {"{% set x | upper | trim %} a{{ n }} {% endset %}[{{ x }}]", "[A7]"},
    {"{% if true %}{% set y = 5 %}{% endif %}{{ y }}", "5"},
    {"{% with a = 1, b = n %}{{ a }}{{ b }}{% set a = 3 %}{{ a }}{% endwith %}{{ a }}", "173"},
    {"{% filter upper | replace('L', 'x') %}hello {{ n }}{% endfilter %}", "HExxO 7"},
    {"{% macro f(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }};{% endmacro %}{{ f(1) }}{{ f(1, 3) }}{{ f"
     "(b=5, a=4) }}{{ f(1, c=9) }}{{ f() }}",
     "121;131;454;129;2;"},
    {"{% macro f() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ f(1, 2, x=3) }}", "(1, 2){'x': 3}"},
    {"{% macro f(x) %}[{{ caller(x) if caller else 'no' }}]{% endmacro %}{% call(y) f(5) %}<{{ "
     "y }}{{ n }}>{% endcall %}{{ f(1) }}",
     "[<57>][no]"},
    {"{% macro f() %}{{ caller() }}{% endmacro %}{% call f() %}a{% call f() %}b{% endcall %}c{%"
     " endcall %}",
     "abc"},
    {"{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(5) }}",
     "543210"},
    {"{% macro f() %}{{ q }}{% endmacro %}{% set q = 4 %}{{ f() }}", "4"},
    {"{% macro f() %}{{ n }}{% set n = 1 %}{{ n }}{% endmacro %}{{ f() }}{{ n }}", "717"},
    {"{% for x in [1] %}{% macro f() %}{{ x }}{% endmacro %}{{ f() }}{% endfor %}", "1"},
    {"{% generation %}a{{ n }}{% endgeneration %}", "a7"},
    {"{% raw %}{{ n }} {% if %}{% endraw %}", "{{ n }} {% if %}"},
    {"{# a comment {{ x }} #}b", "b"},
    {"{% for x in l %}{% set last = x %}{% endfor %}{{ last is defined }}", "False"},
    {"{% print n, 1 %}", "71"},
    {"{% if 1 %}{% for x in l %}{% if x == 1 %}{% break %}{% endif %}{{ x }}{% endfor %}{% endi"
     "f %}!",
     "3!"},
    {"{% set x = [1, 2] %}{% set y = x %}{% set _ = y.append(3) %}{{ x }}", "[1, 2, 3]"},
    {"{% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{"
     " c.reset() }}{{ c.next() }}",
     "ababNonea"},
    {"{% set j = joiner(', ') %}{% for x in l %}{{ j() }}{{ x }}{% endfor %}", "3, 1, 2"},
    {"{{ dict(a=1, b=2) }} {{ dict([('x', 1)]) }} {{ dict({'y': 2}, z=3) }}",
     "{'a': 1, 'b': 2} {'x': 1} {'y': 2, 'z': 3}"},
    {"{% macro f(*args) %}{% endmacro %}", NULL},
    {"{% macro f(a, b) %}{{ a }}{{ b }}{% endmacro %}{{ f(*[1, 2]) }}{{ f(**{'a': 3, 'b': 4}) }"
     "}{{ f(1, *[2]) }}",
     "123412"},
    {"{% for x in l | sort %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}", "1, 2, 3"},
    {"{% for g in people | groupby('age') %}{{ g.grouper }}:{{ g.list | map(attribute='name') |"
     " join(',') }} {% endfor %}",
     "20:al 30:Bo,Cy "},
    {"{% for x in l if x != 2 %}{{ loop.last }}{% endfor %}", "FalseTrue"},
    {"{% set ns = namespace(stop=false) %}{% for x in l if not ns.stop %}{{ x }}{% set ns.stop "
     "= true %}{% endfor %}",
     "3"},
    {"{% set ns = namespace() %}{{ ns.a is defined }}{% set ns.a = 1 %}{{ ns.a }}", "False1"},
    {"{% for x in range(3) %}{{ x }}{% else %}never{% endfor %}", "012"},
    {"{% set (a, b) = (1, 2) %}{{ a + b }}", "3"},
    {"{% for x in 1, 2, 3 %}{{ x }}{% endfor %}", "123"},
    {"{% if (1, 2) %}t{% endif %}", "t"},
    {"{% for i in range(2) %}{% for j in range(2) %}{{ loop.index }}{% endfor %}{{ loop.index }"
     "}{% endfor %}",
     "121122"},
};

static const template_case white_space_cases[] = {
    {"a\n  {% if t %}\n  b\n  {% endif %}\nc\n", "a\n  b\nc"},
    {"a  {%- if t -%}  b  {%- endif -%}  c", "abc"},
    {"a\n{{ n }}\nb\n", "a\n7\nb"},
    {"{% if t %}\n\nx{% endif %}\n\ny", "\nx\ny"},
    {"  {{ n }}  \n", "  7  "},
    {"a\n  {# c #}\nb", "a\nb"},
    {"a\n  {#- c -#}\n  b", "ab"},
    {"a\n  {%+ if t %}\nx\n  {%+ endif %}\n", "a\n  x\n  "},
    {"a {% if t +%}\nb{% endif +%}\nc", "a \nb\nc"},
    {"a\n  {% raw %}\n x {% endraw %}\n b", "a\n\n x  b"},
    {"a\n\t {%- set x = 1 %}\nb", "ab"},
    {"x\r\n{% if t %}\r\ny\rz{% endif %}\r\n", "x\ny\nz"},
    {"\n\n{% if t %}q{% endif %}\n\n", "\n\nq"},
    {"{{ 'a' -}}  \n  b", "ab"},
    {"a  \n{{- 'b' }}", "ab"},
    {"a\302\240\343\200\200{%- if t %}b{% endif %}", "ab"},
    {"   {% if t %}a{% endif %}", "a"},
    {"{% if t %}   {% endif %}b", "   b"},
    {"{{ n }}   {% if t %}a{% endif %}", "7   a"},
    {"{% set x = 1 %}   {% set y = 2 %}\nz", "   z"},
    {"a{# x #}\nb{# y +#}\nc", "ab\nc"},
    {"{%- raw -%}  a  {%- endraw -%}  b", "ab"},
    {"  {%- for x in l %}\n    {{ x }}\n  {%- endfor %}\nend", "    3    1    2end"},
    {"{{ '}}' }}{{ '%}' }}{{ {'a': {'b': 1}}['a'] }}", "}}%}{'b': 1}"},
    {"{{'a'}}\n\n", "a\n"},
    {"{# a #}{# b #}\n\nc", "\nc"},
    {"\357\273\277a", "\357\273\277a"},
};

static const template_case text_filters_cases[] = {
    {"{{ s | upper }} {{ s | lower }} {{ u | upper }} {{ u | lower }} {{ 'hELLO wORLD' | capita"
     "lize }}",
     "HELLO WORLD hello world GR\303\234SSE \312\274NSS \307\204 \316\221\316\243 \344\275\240"
     "\345\245\275 gr\303\274\303\237e \305\211\303\237 \307\206 \316\261\317\202 \344\275\240"
     "\345\245\275 Hello world"},
    {"{{ \"hello wORLD-foo (bar) it's \307\206\" | title }}",
     "Hello World-Foo (Bar) It's \307\204"},
    {"{{ '  x y ' | trim }}|{{ 'xxaxx' | trim('x') }}|{{ none | trim }}|{{ 5 | trim }}",
     "x y|a|None|5"},
    {"{{ s | replace('l', 'L') }} {{ s | replace('l', 'L', 1) }} {{ 'abc' | replace('', '-') }}"
     " {{ 11 | replace(1, 2) }}",
     "HeLLo WorLd HeLlo World -a-b-c- 22"},
    {"{{ s | length }} {{ u | length }} {{ l | length }} {{ d | count }} {{ '' | length }}",
     "11 16 3 3 0"},
    {"{{ html | e }} {{ html | escape | e }} {{ html | safe | e }} {{ html | e | forceescape }}",
     "&lt;a href=&#34;x&#34;&gt;&amp;&#39;&lt;/a&gt; &lt;a href=&#34;x&#34;&gt;&amp;&#39;&lt;/a"
     "&gt; <a href=\"x\">&'</a> &amp;lt;a href=&amp;#34;x&amp;#34;&amp;gt;&amp;amp;&amp;#39;&am"
     "p;lt;/a&amp;gt;"},
    {"{{ '<' + ('>' | safe) }} {{ ('<b>' | safe) + '<i>' }} {{ '<' ~ ('>' | safe) }}",
     "&lt;> <b>&lt;i&gt; <>"},
    {"{{ 'a\nb\n\nc' | indent }}|{{ 'a\nb' | indent(2, true) }}|{{ 'a\n\nb' | indent('> ', blan"
     "k=true) }}|{{ '' | indent }}",
     "a\n    b\n\n    c|  a\n  b|a\n> \n> b|"},
    {"{{ 'one two  three-four' | wordcount }} {{ u | wordcount }}", "4 5"},
    {"{{ 'foo bar baz qux' | truncate(9) }}|{{ 'foo bar baz qux' | truncate(9, true) }}|{{ 'foo"
     " bar baz qux' | truncate(11) }}|{{ 'foo bar baz qux' | truncate(9, false, '~', 0) }}",
     "foo...|foo ba...|foo bar baz qux|foo bar~"},
    {"[{{ 'ab' | center(7) }}] [{{ 'abc' | center(6) }}] [{{ 'abc' | center(2) }}]",
     "[   ab  ] [ abc  ] [abc]"},
    {"{{ 'a b/c?d=\303\251&~' | urlencode }}", "a%20b/c%3Fd%3D%C3%A9%26~"},
    {"{{ '%s-%s' | format('a', 1) }} {{ '%.1f' | format(2.25) }} {{ '%d' | format(3.9) }}",
     "a-1 2.2 3"},
    {"{{ 5 | string }} {{ none | string }} {{ [1, 'a'] | string }} {{ 1.0 | string ~ 'x' }}",
     "5 None [1, 'a'] 1.0x"},
    {"{{ undefined_thing | upper }}|{{ undefined_thing | string }}|{{ undefined_thing | trim }}",
     "||"},
    {"{{ s | reverse }} {{ u | reverse }}",
     "dlroW olleH \345\245\275\344\275\240 \316\243\316\221 \307\205 \303\237\305\211 e\303\237"
     "\303\274rG"},
    {"{{ s | first }} {{ s | last }} {{ s | list }}",
     "H d ['H', 'e', 'l', 'l', 'o', ' ', 'W', 'o', 'r', 'l', 'd']"},
    {"{{ '\316\221\316\243 \316\243\316\221\316\243 \316\243' | lower }} {{ '\304\260I' | lower"
     " }} {{ '\357\254\201\303\237' | upper }} {{ '\305\211x' | capitalize }}",
     "\316\261\317\202 \317\203\316\261\317\202 \317\203 i\314\207i FISS \312\274Nx"},
};

static const template_case numbers_cases[] = {
    {"{{ '42' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '3.7' | int }} {{ 3.7 | int }} {{ "
     "-3.7 | int }} {{ ' 12_3 ' | int }} {{ none | int }} {{ true | int }} {{ '1e3' | int }} {{"
     " [] | int(9) }}",
     "42 0 7 3 3 -3 123 0 1 1000 9"},
    {"{{ '0x1F' | int(0, 16) }} {{ '1F' | int(base=16) }} {{ '101' | int(0, 2) }} {{ '0b11' | i"
     "nt(5) }} {{ 'inf' | int }} {{ 'nan' | int(3) }} {{ '0x1f' | int(0, 0) }}",
     "31 31 5 5 0 3 31"},
    {"{{ '1.5' | float }} {{ 'x' | float }} {{ 'x' | float(2) }} {{ 3 | float }} {{ ' 1_0.5 ' |"
     " float }} {{ 'inf' | float }} {{ '-Infinity' | float }} {{ '1e400' | float }}",
     "1.5 0.0 2 3.0 10.5 inf -inf inf"},
    {"{{ -5 | abs }} {{ (-1.5) | abs }} {{ true | abs }}", "5 1.5 1"},
    {"{{ 2.5 | round }} {{ 3.5 | round }} {{ 2.675 | round(2) }} {{ 1.25 | round(1) }} {{ 42 | "
     "round }} {{ 1234.5 | round(-2) }} {{ 1250 | round(-2) }} {{ -2.5 | round }}",
     "2.0 4.0 2.67 1.2 42 1200.0 1200 -2.0"},
    {"{{ 2.1 | round(0, 'ceil') }} {{ 2.9 | round(method='floor') }} {{ 2.123 | round(2, 'ceil'"
     ") }} {{ 5 | round(1, 'floor') }}",
     "3.0 2.0 2.13 5.0"},
    {"{{ 1e15 | round }} {{ 0.1 | round(20) }} {{ 12345.678 | round(1) }}",
     "1000000000000000.0 0.1 12345.7"},
    {"{{ [1, 2.5] | sum }} {{ [] | sum }} {{ people | sum(attribute='age') }} {{ [1] | sum(star"
     "t=10) }} {{ [[1], [2]] | sum(start=[]) }}",
     "3.5 0 80 11 [1, 2]"},
};

static const template_case json_cases[] = {
    {"{{ d | tojson }} {{ l | tojson }} {{ s | tojson }} {{ none | tojson }} {{ t | tojson }} {"
     "{ f | tojson }} {{ 1.0 | tojson }}",
     "{\"b\": 2, \"a\": 1, \"C\": 3} [3, 1, 2] \"Hello World\" null true 1.5 1.0"},
    {"{{ u | tojson }} {{ u | tojson(ensure_ascii=true) }} {{ '\\U0001f41f\\x7f' | tojson(true)"
     " }}",
     "\"Gr\303\274\303\237e \305\211\303\237 \307\205 \316\221\316\243 \344\275\240\345\245\275"
     "\" \"Gr\\u00fc\\u00dfe \\u0149\\u00df \\u01c5 \\u0391\\u03a3 \\u4f60\\u597d\" \"\\ud83d\\"
     "udc1f\\u007f\""},
    {"{{ '\"\\\\/\\n\\r\\t\\b\\f\\x01\\x1f\\x7f<>&' | tojson }}",
     "\"\\\"\\\\/\\n\\r\\t\\b\\f\\u0001\\u001f\177<>&\""},
    {"{{ nested | tojson(indent=2) }}|{{ {} | tojson(indent=2) }}|{{ [] | tojson(indent=1) }}|{"
     "{ [1, [2]] | tojson(indent='--') }}|{{ [1] | tojson(indent=0) }}",
     "{\n  \"x\": {\n    \"y\": [\n      10,\n      20\n    ]\n  }\n}|{}|[]|[\n--1,\n--[\n----2"
     "\n--]\n]|[\n1\n]"},
    {"{{ d | tojson(sort_keys=true) }} {{ d | tojson(separators=(',', ':')) }} {{ d | tojson(in"
     "dent=1, separators=(';', '=')) }}",
     "{\"C\": 3, \"a\": 1, \"b\": 2} {\"b\":2,\"a\":1,\"C\":3} {\n \"b\"=2;\n \"a\"=1;\n \"C\"="
     "3\n}"},
    {"{{ {1: 2, none: 3, true: 4, 1.5: 5} | tojson }}", "{\"1\": 4, \"null\": 3, \"1.5\": 5}"},
    {"{{ (1, 2) | tojson }} {{ 'inf' | float | tojson }} {{ 'nan' | float | tojson }}",
     "[1, 2] Infinity NaN"},
    {"{{ 1e100 | tojson }} {{ 1e-7 | tojson }} {{ 123456789.125 | tojson }}",
     "1e+100 1e-07 123456789.125"},
    {"{{ html | safe | tojson }}", "\"<a href=\\\"x\\\">&'</a>\""},
    {"{{ {'b': {'z': 1, 'y': 2}, 'a': 0} | tojson(sort_keys=true, indent=2) }}",
     "{\n  \"a\": 0,\n  \"b\": {\n    \"y\": 2,\n    \"z\": 1\n  }\n}"},
};

static const template_case list_filters_cases[] = {
    {"{{ l | first }} {{ l | last }} {{ [] | first }}|{{ d | first }} {{ d | last }}", "3 2 |b C"},
    {"{{ l | join }} {{ l | join(', ') }} {{ people | join('/', attribute='name') }} {{ 'abc' |"
     " join('.') }} {{ undefined_thing | join }}",
     "312 3, 1, 2 Bo/al/Cy a.b.c "},
    {"{{ l | sort }} {{ l | sort(reverse=true) }} {{ ls | sort }} {{ ls | sort(case_sensitive=t"
     "rue) }} {{ l | sort(true) }}",
     "[1, 2, 3] [3, 2, 1] ['A', 'b', 'B', 'c'] ['A', 'B', 'b', 'c'] [3, 2, 1]"},
    {"{{ people | sort(attribute='age') | map(attribute='name') | join }} {{ people | sort(attr"
     "ibute='age,name') | map(attribute='name') | join }} {{ people | sort(attribute='age', rev"
     "erse=true) | map(attribute='name') | join }}",
     "alBoCy alBoCy BoCyal"},
    {"{{ [3, 1, 3, 2, 1] | unique | list }} {{ ls | unique | list }} {{ ls | unique(true) | lis"
     "t }} {{ people | unique(attribute='age') | map(attribute='name') | list }}",
     "[3, 1, 2] ['b', 'A', 'c'] ['b', 'A', 'c', 'B'] ['Bo', 'al']"},
    {"{{ l | min }} {{ l | max }} {{ ls | min }} {{ ls | max }} {{ [] | min }}|{{ (people | max"
     "(attribute='age')).name }} {{ ls | min(case_sensitive=true) }}",
     "1 3 A c |Bo A"},
    {"{{ l | reverse | list }} {{ d | list }} {{ s | list | length }} {{ d.items() | list }}",
     "[2, 1, 3] ['b', 'a', 'C'] 11 [('b', 2), ('a', 1), ('C', 3)]"},
    {"{{ d | items | list }} {{ undefined_thing | items | list }}",
     "[('b', 2), ('a', 1), ('C', 3)] []"},
    {"{{ d | dictsort }} {{ d | dictsort(true) }} {{ d | dictsort(by='value') }} {{ d | dictsor"
     "t(reverse=true) }}",
     "[('a', 1), ('b', 2), ('C', 3)] [('C', 3), ('a', 1), ('b', 2)] [('a', 1), ('b', 2), ('C', "
     "3)] [('C', 3), ('b', 2), ('a', 1)]"},
    {"{{ x | default('q') }} {{ x | d }}|{{ e | default('q') }}|{{ e | default('q', true) }} {{"
     " z | default(9, boolean=true) }} {{ none | default('q') }}",
     "q ||q 9 None"},
    {"{{ l | map('string') | join }} {{ ls | map('upper') | list }} {{ ls | map('replace', 'b',"
     " 'x') | list }} {{ people | map(attribute='zip', default='?') | list }} {{ people | map(a"
     "ttribute='name') | map('lower') | list }}",
     "312 ['B', 'A', 'C', 'B'] ['x', 'A', 'c', 'B'] ['?', '?', '?'] ['bo', 'al', 'cy']"},
    {"{{ [1, 0, 2, none] | select | list }} {{ l | select('odd') | list }} {{ l | select('great"
     "erthan', 1) | list }} {{ l | reject('odd') | list }} {{ l | select('>', 1) | list }} {{ l"
     " | select('in', [1, 2]) | list }}",
     "[1, 2] [3, 1] [3, 2] [2] [3, 2] [1, 2]"},
    {"{{ people | selectattr('age', 'equalto', 30) | map(attribute='name') | list }} {{ people "
     "| rejectattr('age', 'eq', 30) | map(attribute='name') | list }} {{ people | selectattr('z"
     "ip') | list }} {{ people | selectattr('zip', 'undefined') | list | length }}",
     "['Bo', 'Cy'] ['al'] [] 3"},
    {"{{ range(7) | batch(3) | list }} {{ range(7) | batch(3, 'x') | list }} {{ range(7) | slic"
     "e(3) | list }} {{ range(7) | slice(3, 'x') | list }}",
     "[[0, 1, 2], [3, 4, 5], [6]] [[0, 1, 2], [3, 4, 5], [6, 'x', 'x']] [[0, 1, 2], [3, 4], [5,"
     " 6]] [[0, 1, 2], [3, 4, 'x'], [5, 6, 'x']]"},
    {"{{ people | groupby('age') }}",
     "[(20, [{'name': 'al', 'age': 20}]), (30, [{'name': 'Bo', 'age': 30}, {'name': 'Cy', 'age'"
     ": 30}])]"},
    {"{{ people | groupby('zip', default='none') | list | length }}", "1"},
    {"{{ nested | attr('x') }}|{{ s | attr('upper') is callable }}", "|True"},
    {"{{ [[1, 2], [3]] | map('length') | list }} {{ [[1, 2], [3]] | map('first') | list }} {{ ["
     "[1, 2], [3, 4]] | map(attribute=1) | list }} {{ [{'a': [5]}] | map(attribute='a.0') | lis"
     "t }}",
     "[2, 1] [1, 3] [2, 4] [5]"},
    {"{{ l | length }} {{ range(5) | length }} {{ d.keys() | length }}", "3 5 3"},
    {"{{ (1, 2) | list }} {{ {} | list }}", "[1, 2] []"},
};

static const template_case tests_cases[] = {
    {"{{ n is defined }} {{ q is defined }} {{ q is undefined }} {{ q is not defined }} {{ not "
     "q is defined }}",
     "True False True True True"},
    {"{{ none is none }} {{ n is none }} {{ q is none }}", "True False False"},
    {"{{ s is string }} {{ n is string }} {{ n is number }} {{ f is number }} {{ t is number }}"
     " {{ t is integer }} {{ n is integer }} {{ f is integer }} {{ f is float }} {{ n is float "
     "}} {{ t is boolean }} {{ z is boolean }}",
     "True False True True True False True False True False True False"},
    {"{{ d is mapping }} {{ l is mapping }} {{ l is sequence }} {{ s is sequence }} {{ d is seq"
     "uence }} {{ n is sequence }} {{ q is sequence }} {{ (1,) is sequence }}",
     "True False True True True False True True"},
    {"{{ l is iterable }} {{ s is iterable }} {{ d is iterable }} {{ n is iterable }} {{ q is i"
     "terable }} {{ none is iterable }} {{ (l | map('string')) is iterable }} {{ (l | map('stri"
     "ng')) is sequence }} {{ d.items() is sequence }}",
     "True True True False True False True False False"},
    {"{{ range is callable }} {{ s.upper is callable }} {{ n is callable }} {{ q is callable }}"
     " {{ cycler('a') is callable }} {{ joiner() is callable }}",
     "True True False True False True"},
    {"{{ true is true }} {{ 1 is true }} {{ false is false }} {{ 0 is false }}",
     "True False True False"},
    {"{{ 3 is odd }} {{ 3 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ -3 i"
     "s odd }}",
     "True False True False True"},
    {"{{ 1 is eq 1 }} {{ 1 is equalto(1.0) }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 2 is le 2 }} {"
     "{ 3 is gt 2 }} {{ 3 is ge 4 }} {{ 3 is greaterthan 1 }} {{ 1 is lessthan 0 }}",
     "True True True True True True False True False"},
    {"{{ 1 is in [1, 2] }} {{ 'a' is in d }} {{ 1 is not in [1] }}", "True True False"},
    {"{{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'aB1' is lower }} {{ '1' is upper }} {{ '"
     "\303\237' is lower }}",
     "True True False False True"},
    {"{{ none is sameas none }} {{ true is sameas true }} {{ l is sameas l }} {{ [] is sameas ["
     "] }}",
     "True True True False"},
    {"{{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }}", "True False True"},
    {"{{ ('a' | e) is escaped }} {{ 'a' is escaped }}", "True False"},
    {"{{ n is defined and n is number or q }}", "True"},
    {"{{ 'x' if n is string else 'y' }}", "y"},
    {"{{ namespace() is mapping }} {{ namespace() is iterable }} {{ namespace() is callable }}",
     "False False False"},
    {"{{ 3 is odd | string }}", "True"},
    {"{{ [1, 2] is eq [1, 2] }} {{ 'a' is eq('a') }} {{ n is eq n }}", "True True True"},
};

static const template_case string_methods_cases[] = {
    {"{{ '  a b '.strip() }}|{{ ' a '.lstrip() }}|{{ ' a '.rstrip() }}|{{ 'xyaxy'.strip('yx') }"
     "}|{{ '\344\275\240a\344\275\240'.strip('\344\275\240') }}|{{ 'a\\n'.rstrip('\\n') }}|{{ '"
     "a'.strip(none) }}",
     "a b|a | a|a|a|a|a"},
    {"{{ 'a,b,,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b c '.split() }} {{ ' a  b "
     "c '.split(none, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a b'.split(sep=' ', maxspl"
     "it=0) }} {{ 'a<>b<>c'.split('<>')[-1] }}",
     "['a', 'b', '', 'c'] ['a', 'b,c'] ['a', 'b', 'c'] ['a', 'b c '] [] [''] ['a b'] c"},
    {"{{ 'a,b,c'.rsplit(',', 1) }} {{ ' a  b c '.rsplit(none, 1) }} {{ 'aXbXc'.rsplit('X') }} {"
     "{ ' a b '.rsplit() }}",
     "['a,b', 'c'] [' a  b', 'c'] ['a', 'b', 'c'] ['a', 'b']"},
    {"{{ lines.splitlines() }} {{ lines.splitlines(true) }} {{ 'a\\x0bb\\x1cc\\u2028d'.splitlin"
     "es() }} {{ ''.splitlines() }}",
     "['one', 'two', 'three', '', 'four'] ['one\\n', 'two\\r\\n', 'three\\n', '\\n', 'four'] ['"
     "a', 'b', 'c', 'd'] []"},
    {"{{ s.startswith('He') }} {{ s.startswith(('x', 'H')) }} {{ s.endswith('ld') }} {{ s.endsw"
     "ith(('x', 'y')) }} {{ s.startswith('W', 6) }} {{ s.endswith('o', 0, 5) }} {{ ''.startswit"
     "h('') }} {{ s.startswith('', 99) }}",
     "True True True False True True True False"},
    {"{{ s.replace('l', 'L') }} {{ s.replace('l', 'L', 2) }} {{ 'aaa'.replace('aa', 'b') }} {{ "
     "'ab'.replace('', '.') }} {{ 'ab'.replace('', '.', 2) }} {{ ''.replace('', 'x') }} {{ '"
     "\303\251'.replace('', '-') }}",
     "HeLLo WorLd HeLLo World ba .a.b. .a.b x -\303\251-"},
    {"{{ s.upper() }} {{ s.lower() }} {{ \"they're bill's \307\206x\".title() }} {{ 'hELLO'.cap"
     "italize() }} {{ u.upper() }} {{ u.title() }}",
     "HELLO WORLD hello world They'Re Bill'S \307\205x Hello GR\303\234SSE \312\274NSS \307\204"
     " \316\221\316\243 \344\275\240\345\245\275 Gr\303\274\303\237e \312\274N\303\237 \307\205"
     " \316\221\317\202 \344\275\240\345\245\275"},
    {"{{ s.find('o') }} {{ s.rfind('o') }} {{ s.find('q') }} {{ s.find('o', 5) }} {{ s.find('o'"
     ", -3) }} {{ u.find('\344\275\240') }} {{ s.index('W') }} {{ s.find('') }} {{ s.rfind('') "
     "}} {{ s.find('', 99) }} {{ s.rindex('l') }}",
     "4 7 -1 7 -1 14 6 0 11 -1 9"},
    {"{{ s.count('l') }} {{ s.count('') }} {{ 'aaaa'.count('aa') }} {{ s.count('o', 5) }} {{ s."
     "count('x') }}",
     "3 12 2 1 0"},
    {"{{ ', '.join(['a', 'b']) }} {{ ''.join('abc') }} {{ '-'.join({'x': 1, 'y': 2}) }}",
     "a, b abc x-y"},
    {"{{ '12'.isdigit() }} {{ 'a1'.isdigit() }} {{ ''.isdigit() }} {{ 'ab'.isalpha() }} {{ 'a1'"
     ".isalnum() }} {{ ' '.isspace() }} {{ '\302\262'.isdigit() }} {{ '\302\262'.isdecimal() }}"
     " {{ '\302\275'.isnumeric() }} {{ 'A'.isupper() }} {{ 'a'.islower() }} {{ '\303\251'.isasc"
     "ii() }} {{ '\\n'.isprintable() }} {{ '\344\275\240'.isalpha() }}",
     "True False False True True True True False True True True False False True"},
    {"{{ 'abc'.removeprefix('ab') }} {{ 'abc'.removesuffix('bc') }} {{ 'abc'.removeprefix('x') "
     "}}",
     "c a abc"},
    {"{{ 'a=b=c'.partition('=') }} {{ 'a=b=c'.rpartition('=') }} {{ 'abc'.partition('x') }} {{ "
     "'abc'.rpartition('x') }}",
     "('a', '=', 'b=c') ('a=b', '=', 'c') ('abc', '', '') ('', '', 'abc')"},
    {"[{{ 'ab'.ljust(5) }}] [{{ 'ab'.rjust(5, '.') }}] [{{ 'ab'.center(5, '*') }}] [{{ 'abc'.ce"
     "nter(6, '*') }}] {{ '-5'.zfill(4) }} {{ '5'.zfill(3) }}",
     "[ab   ] [...ab] [**ab*] [*abc**] -005 005"},
    {"{{ 'a' 'b'.upper() }} {{ ('a' ~ 'b').upper() }}", "AB AB"},
    {"{{ 'x'.join([]) }}|{{ s.split('o')[1].strip() }}", "|W"},
    {"{{ 'Ab'.upper().lower().title() }}", "Ab"},
    {"{{ s.strip.__name__ }}", ""},
};

static const template_case list_and_dict_methods_cases[] = {
    {"{% set x = [1] %}{{ x.append(2) }}{{ x.extend([3, 4]) }}{{ x.insert(0, 0) }}{{ x.pop() }}"
     "{{ x.pop(0) }}{{ x }}{{ x.index(2) }}{{ x.count(3) }}{{ x.reverse() }}{{ x }}{{ x.remove("
     "3) }}{{ x }}{{ x.copy() }}{{ x.clear() }}{{ x }}",
     "NoneNoneNone40[1, 2, 3]11None[3, 2, 1]None[2, 1][2, 1]None[]"},
    {"{% set x = [3, 1, 2] %}{{ x.sort() }}{{ x }}{{ x.sort(reverse=true) }}{{ x }}{{ x.insert("
     "-1, 9) }}{{ x.insert(99, 8) }}{{ x }}{{ x.insert(-99, 7) }}{{ x }}",
     "None[1, 2, 3]None[3, 2, 1]NoneNone[3, 2, 9, 1, 8]None[7, 3, 2, 9, 1, 8]"},
    {"{% set x = {'a': 1} %}{{ x.update({'b': 2}) }}{{ x.update(c=3) }}{{ x.setdefault('d', 4) "
     "}}{{ x.setdefault('a', 9) }}{{ x.pop('a') }}{{ x.pop('zz', 'no') }}{{ x }}{{ x.copy() }}{"
     "{ x.clear() }}{{ x }}",
     "NoneNone411no{'b': 2, 'c': 3, 'd': 4}{'b': 2, 'c': 3, 'd': 4}None{}"},
    {"{{ (1, 2, 1).count(1) }} {{ (1, 2).index(2) }} {{ [1, 2, 3, 2].index(2, 2) }}", "2 1 3"},
    {"{% set x = {} %}{% for i in range(40) %}{% set _ = x.update({i: i * i}) %}{% endfor %}{{ "
     "x[39] }} {{ x | length }} {{ x.pop(3) }} {{ x.get(3) }} {{ x[20] }} {{ x.keys() | list | "
     "last }}",
     "1521 40 9 None 400 39"},
    {"{% for k, v in d.items() | sort %}{{ k }}{{ v }}{% endfor %}", "C3a1b2"},
    {"{% for v in d.values() %}{{ v }}{% endfor %}{{ d.keys() | join }}", "213baC"},
    {"{{ d.items() | first }} {{ 'a' in d.keys() }} {{ 3 in d.values() }} {{ ('a', 1) in d.item"
     "s() }}",
     "('b', 2) True True True"},
    {"{{ d.items()[0] is defined }}", "False"},
};

static const template_case time_cases[] = {
    {"{{ strftime_now('%Y-%m-%d %H:%M:%S') }} {{ strftime_now('%d %b %Y') }} {{ strftime_now('%"
     "B %-d, %A %a %j %y %p %I %e %U %W %w %u %% %F %T %D %R') }} {{ strftime_now('%c|%x|%X|%G'"
     ") if false else '' }} {{ strftime_now('%c|%x|%X|%h|%C|%k|%l') }}{{ strftime_now('%z%Z.%f'"
     ") }}",
     "2025-07-21 13:25:23 21 Jul 2025 July 21, Monday Mon 202 25 PM 01 21 29 29 1 1 % 2025-07-2"
     "1 13:25:23 07/21/25 13:25  Mon Jul 21 13:25:23 2025|07/21/25|13:25:23|Jul|20|13| 1.000000"},
};

static const template_case failing_cases[] = {
    {"{{ n[1:] }}", NULL},
    {"{{ d[:1] }}", NULL},
    {"{{ l['a':] }}", NULL},
    {"{{ n | truncate }}", NULL},
    {"{{ n | indent }}", NULL},
    {"{{ 'a' % 1 }}", NULL},
    {"{{ 5 | map('upper') | list }}", NULL},
    {"{{ l[q:] }}", NULL},
    {"{{ undefined_thing.x }}", NULL},
    {"{{ undefined_thing[0] }}", NULL},
    {"{{ undefined_thing() }}", NULL},
    {"{{ undefined_thing + 1 }}", NULL},
    {"{{ 1 + 'a' }}", NULL},
    {"{{ 'a' + 1 }}", NULL},
    {"{{ [] + () }}", NULL},
    {"{{ 1 / 0 }}", NULL},
    {"{{ 1 // 0 }}", NULL},
    {"{{ 1 % 0 }}", NULL},
    {"{{ 1.0 / 0 }}", NULL},
    {"{{ 1 < 'a' }}", NULL},
    {"{{ none < 1 }}", NULL},
    {"{{ {} < {} }}", NULL},
    {"{{ 1 in 5 }}", NULL},
    {"{{ 1 in 'a' }}", NULL},
    {"{{ 5() }}", NULL},
    {"{{ 'a'() }}", NULL},
    {"{{ s.nope() }}", NULL},
    {"{{ -'a' }}", NULL},
    {"{{ -none }}", NULL},
    {"{{ raise_exception('no') }}", NULL},
    {"{{ 5 | length }}", NULL},
    {"{{ none | length }}", NULL},
    {"{{ 5 | join }}", NULL},
    {"{{ {[]: 1} }}", NULL},
    {"{{ [] in {} }}", NULL},
    {"{% for x in 5 %}{% endfor %}", NULL},
    {"{% for x in none %}{% endfor %}", NULL},
    {"{% set a, b = [1] %}", NULL},
    {"{% set a, b = [1, 2, 3] %}", NULL},
    {"{% set n.x = 1 %}", NULL},
    {"{% set zz.x = 1 %}", NULL},
    {"{{ 'abc'.index('z') }}", NULL},
    {"{{ [].pop() }}", NULL},
    {"{{ [1].index(9) }}", NULL},
    {"{{ {}.pop('a') }}", NULL},
    {"{{ ''.split('') }}", NULL},
    {"{{ range(1, 5, 0) }}", NULL},
    {"{{ l[::0] }}", NULL},
    {"{{ '%d' % 'a' }}", NULL},
    {"{{ '%s %s' % 'a' }}", NULL},
    {"{{ '%s' % ('a', 'b') }}", NULL},
    {"{{ ','.join([1]) }}", NULL},
    {"{{ undefined_thing | tojson }}", NULL},
    {"{{ range(2) | tojson }}", NULL},
    {"{{ l | sort(attribute='x') | list }}{{ [1, 'a'] | sort }}", NULL},
    {"{{ 'a' | abs }}", NULL},
    {"{{ 'a' | round }}", NULL},
    {"{{ 1.5 | round(0, 'x') }}", NULL},
    {"{{ l | map('nope') | list }}", NULL},
    {"{{ l | select('nope') | list }}", NULL},
    {"{{ l | map | list }}", NULL},
    {"{{ s | replace('a') }}", NULL},
    {"{{ s | upper(1) }}", NULL},
    {"{{ s | trim(x=1) }}", NULL},
    {"{% macro f(a) %}{% endmacro %}{{ f(1, 2) }}", NULL},
    {"{% macro f(a) %}{% endmacro %}{{ f(b=1) }}", NULL},
    {"{% macro f(a) %}{% endmacro %}{{ f(1, a=2) }}", NULL},
    {"{% macro f() %}{% endmacro %}{% call f() %}{% endcall %}", NULL},
    {"{{ ''.__class__.__mro__ }}", NULL},
    {"{{ s.__class__() }}", NULL},
    {"{{ l['__class__']['__base__'] }}", NULL},
    {"{{ x.y.z }}", NULL},
    {"{{ l | items | list }}", NULL},
    {"{{ 5 | dictsort }}", NULL},
    {"{{ undefined_thing | int }}", NULL},
    {"{{ l | batch }}", NULL},
    {"{{ 1 is odd(2) }}", NULL},
    {"{{ 'a' is odd }}", NULL},
    {"{{ n is divisibleby }}", NULL},
    {"{{ (l | map('string')) | length }}", NULL},
    {"{{ loop.index }}", NULL},
    {"{{ cycler() }}", NULL},
    {"{{ namespace(1) }}", NULL},
    {"{{ dict(1) }}", NULL},
    {"{{ undefined_thing < 1 }}", NULL},
    {"{{ -undefined_thing }}", NULL},
    {"{{ d.a.b.c }}", NULL},
    {"{{ n | min }}", NULL},
    {"{% for x in l %}{{ loop(x) }}{% endfor %}", NULL},
    {"{{ [l | map('string')] | tojson }}", NULL},
    {"{{ 2 ** 'a' }}", NULL},
    {"{{ l * 1.5 }}", NULL},
    {"{{ d | dictsort(by='x') }}", NULL},
    {"{{ range(100001) | list }}", NULL},
    {"{{ l | last | first }}", NULL},
    {"{{ {'a': 1}.get([]) }}", NULL},
    {"{{ [none, 1] | sort }}", NULL},
    {"{{ people | groupby('zip') | list and [1, 'a'] | max }}", NULL},
};

static const template_case syntax_errors_cases[] = {
    {"{% if %}", NULL},
    {"{% if t %}", NULL},
    {"{% if t %}a", NULL},
    {"{% endif %}", NULL},
    {"{% else %}", NULL},
    {"{% for %}", NULL},
    {"{% for x %}{% endfor %}", NULL},
    {"{% for x in %}{% endfor %}", NULL},
    {"{{ }}", NULL},
    {"{{ 1 + }}", NULL},
    {"{{ (1 }}", NULL},
    {"{{ [1 }}", NULL},
    {"{{ {1 }}", NULL},
    {"{{ {1: } }}", NULL},
    {"{{ 1 2 }}", NULL},
    {"{{ a b }}", NULL},
    {"{{ 'a }}", NULL},
    {"{{ 'a", NULL},
    {"{{", NULL},
    {"{%", NULL},
    {"{# a", NULL},
    {"{% nope %}", NULL},
    {"{{ a | }}", NULL},
    {"{{ a | nope }}", NULL},
    {"{{ a is nope }}", NULL},
    {"{{ a is }}", NULL},
    {"{{ a. }}", NULL},
    {"{{ a[ }}", NULL},
    {"{{ a[] }}", NULL},
    {"{{ f(1 }}", NULL},
    {"{{ f(a=1, 2) }}", NULL},
    {"{{ 1 if }}", NULL},
    {"{% set %}", NULL},
    {"{% set x %}", NULL},
    {"{% set 1 = 2 %}", NULL},
    {"{% set none = 2 %}", NULL},
    {"{% macro %}{% endmacro %}", NULL},
    {"{% macro f %}{% endmacro %}", NULL},
    {"{% macro f(a=1, b) %}{% endmacro %}", NULL},
    {"{% call x %}{% endcall %}", NULL},
    {"{% break %}", NULL},
    {"{% continue %}", NULL},
    {"{% filter %}{% endfilter %}", NULL},
    {"{{ ! }}", NULL},
    {"{{ a $ b }}", NULL},
    {"{{ 007 }}", NULL},
    {"{{ 1__0 }}", NULL},
    {"{{ 0x }}", NULL},
    {"{{ '\\x4' }}", NULL},
    {"{{ '\\u12' }}", NULL},
    {"{{ a ? b : c }}", NULL},
    {"{{ a && b }}", NULL},
    {"{{ not }}", NULL},
    {"{{ a not b }}", NULL},
    {"{% if a = b %}{% endif %}", NULL},
    {"{% for x in l %}{% endif %}", NULL},
    {"{% if t %}{% endfor %}", NULL},
    {"{{ a is b is c }}", NULL},
    {"{% endfor %}", NULL},
    {"{% set x = %}", NULL},
    {"{% with a %}{% endwith %}", NULL},
    {"{% do x %}", NULL},
    {"{% import 'x' as y %}", NULL},
    {"{{ **a }}", NULL},
    {"{{ f(**a, 1) }}", NULL},
    {"{% elif t %}", NULL},
    {"a\n\n{% if t %}\n{{ 1 + }}", NULL},
    {"{{ ) }}", NULL},
    {"{{ ] }}", NULL},
    {"{{ ( ] }}", NULL},
};

#endif
