"""Who may ask: a guard over the whole URL map, tokens, CORS and headers."""

from __future__ import annotations

import pytest

from service.security import PROTECTION, headers
from service.settings import Settings

from .helpers import JSON, README_PATIENT, check_problem, csv_text, form_of, multipart

HEADERS = headers(Settings())
TOKEN, OTHER = "sesame-1", "sesame-2"
ORIGIN = "https://ehr.example"
LIST = multipart(("list", "a.csv", csv_text([README_PATIENT]).encode()))


def routes(app):
    """Return (endpoint, method, path) of every route, HEAD and OPTIONS left out."""
    return [
        (rule.endpoint, method, example_path(rule))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
    ]


def example_path(rule):
    return rule.rule.replace("<name>", "jcog1017-synthetic").replace(
        "<path:filename>", "style.css"
    )


def bearer(token):
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture(scope="module")
def guarded_app(make_app):
    return make_app(tokens=(TOKEN, OTHER))


@pytest.fixture(scope="module")
def guarded(guarded_app):
    return guarded_app.test_client()


@pytest.fixture(scope="module")
def shared(make_app):
    return make_app(cors_origins=(ORIGIN,), tokens=(TOKEN,)).test_client()


def test_every_endpoint_says_how_it_is_protected(app):
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(PROTECTION)


def test_every_protection_is_known_and_has_a_reason():
    assert {kind for kind, _ in PROTECTION.values()} == {"token", "form", "open"}
    assert all(reason for _, reason in PROTECTION.values())


def test_everything_below_v1_needs_a_token(app):
    kinds = {PROTECTION[name][0] for name, _, path in routes(app) if path.startswith("/v1/")}
    assert kinds == {"token"}


def test_protected_routes_give_401_without_a_token_and_open_ones_do_not(guarded_app, guarded):
    for endpoint, method, path in routes(guarded_app):
        status = guarded.open(path, method=method, buffered=True).status_code
        assert (status == 401) == (PROTECTION[endpoint][0] != "open"), (method, path)


@pytest.mark.parametrize("token", [TOKEN, OTHER])
def test_no_route_gives_401_with_a_valid_token(guarded_app, guarded, token):
    for _, method, path in routes(guarded_app):
        response = guarded.open(path, method=method, headers=bearer(token), buffered=True)
        assert response.status_code != 401, (method, path)


def test_no_route_gives_401_when_no_token_is_configured(app, client):
    for _, method, path in routes(app):
        assert client.open(path, method=method, buffered=True).status_code != 401, (method, path)


def test_a_head_request_needs_the_token_too(guarded):
    assert guarded.head("/v1/models").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Bearer",
        "Bearer ",
        "Bearer wrong",
        f"Bearer {TOKEN}x",
        f"Bearer {TOKEN[:-1]}",
        f"Basic {TOKEN}",
        f"Token {TOKEN}",
        TOKEN,
        f"Bearer {TOKEN} {OTHER}",
        f"Bearer {TOKEN},{OTHER}",
        "Bearer s\xe9same",
    ],
)
def test_a_wrong_scheme_or_token_gives_401_and_is_not_shown(guarded, header):
    response = guarded.get("/v1/models", headers={"Authorization": header})
    (item,) = check_problem(response, 401)["errors"]
    assert (item["field"], item["code"]) == ("Authorization", "token_required")
    assert "sesame" not in response.text
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="equipoise"'


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_the_scheme_is_read_in_any_case(guarded, scheme):
    response = guarded.get("/v1/models", headers={"Authorization": f"{scheme} {TOKEN}"})
    assert response.status_code == 200


def test_a_token_in_the_address_is_no_token(guarded):
    assert guarded.get(f"/v1/models?access_token={TOKEN}").status_code == 401


def test_a_bad_request_without_a_token_is_told_nothing_else(guarded):
    response = guarded.post("/v1/predict", data="{", content_type=JSON)
    assert check_problem(response, 401)["errors"][0]["code"] == "token_required"


def test_the_form_needs_the_token_unless_it_is_opened(guarded, make_app):
    opened = make_app(tokens=(TOKEN,), open_form=True).test_client()
    filled = form_of(README_PATIENT)
    assert (guarded.get("/").status_code, opened.get("/").status_code) == (401, 200)
    assert guarded.post("/", data=filled).status_code == 401
    assert opened.post("/", data=filled).status_code == 200
    assert opened.post("/v1/predict", json={"patient": README_PATIENT}).status_code == 401


@pytest.mark.parametrize("path", ["/lists", "/lists/download"])
def test_lists_need_the_token_unless_the_form_is_opened(guarded, make_app, path):
    opened = make_app(tokens=(TOKEN,), open_form=True).test_client()
    assert guarded.post(path, **LIST).status_code == 401
    assert guarded.post(path, **LIST, headers=bearer(TOKEN)).status_code == 200
    assert opened.post(path, **LIST).status_code == 200
    assert opened.get("/lists").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/openapi.json", "/docs"])
def test_health_and_contract_are_open(guarded, path):
    assert guarded.get(path).status_code == 200


def test_a_path_that_leads_nowhere_is_404_without_a_token(guarded):
    check_problem(guarded.get("/nowhere"), 404)


def test_an_allowed_origin_is_answered(shared):
    headers = {**bearer(TOKEN), "Origin": ORIGIN}
    response = shared.post("/v1/predict", json={"patient": README_PATIENT}, headers=headers)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "Access-Control-Allow-Credentials" not in response.headers


def test_an_allowed_origin_can_read_an_error(shared):
    response = shared.post("/v1/predict", headers={"Origin": ORIGIN})
    check_problem(response, 401)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN


def test_an_allowed_origins_preflight_needs_no_token(shared):
    headers = {
        "Origin": ORIGIN,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "Authorization, Content-Type",
    }
    response = shared.options("/v1/predict", headers=headers)
    assert response.status_code == 200
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "authorization" in response.headers["Access-Control-Allow-Headers"].lower()


@pytest.mark.parametrize(
    "origin",
    [
        "https://other.example",
        "https://ehr.example.evil.example",
        "https://evil-ehr.example",
        "https://ehrxexample",
        "http://ehr.example",
        "https://ehr.example:8443",
        "null",
    ],
)
def test_another_origin_is_not_answered(shared, origin):
    headers = {**bearer(TOKEN), "Origin": origin}
    response = shared.get("/v1/models", headers=headers)
    assert "Access-Control-Allow-Origin" not in response.headers


def test_the_form_is_not_shared_with_other_origins(shared):
    response = shared.get("/", headers={**bearer(TOKEN), "Origin": ORIGIN})
    assert "Access-Control-Allow-Origin" not in response.headers


def test_without_an_allow_list_no_origin_is_answered(client):
    for method, path in (("GET", "/v1/models"), ("OPTIONS", "/v1/predict")):
        response = client.open(path, method=method, headers={"Origin": ORIGIN})
        assert not [name for name, _ in response.headers if name.startswith("Access-Control")]


def responses(app, client):
    yield from (client.open(path, method=method, buffered=True) for _, method, path in routes(app))
    yield client.get("/nowhere")
    yield client.delete("/")
    yield client.options("/v1/predict")
    yield client.post("/", data=form_of(README_PATIENT))
    yield client.post("/v1/predict", json={"patient": README_PATIENT})
    yield client.post("/lists", **LIST)
    yield client.post("/lists/download", **LIST)


def test_every_response_has_the_headers_and_no_cookie(app, client):
    for response in responses(app, client):
        place = (response.request.method, response.request.path)
        for name, value in HEADERS.items():
            if response.request.path.startswith("/static/") and name == "Cache-Control":
                continue  # the style sheet may be kept
            assert response.headers[name] == value, place
        assert "Set-Cookie" not in response.headers, place


def test_an_unexpected_error_has_the_headers_too(make_app):
    app = make_app()

    def fail():
        raise RuntimeError

    app.add_url_rule("/fail", view_func=fail)
    response = app.test_client().get("/fail")
    assert {name: response.headers[name] for name in HEADERS} == HEADERS


def test_the_policy_allows_no_inline_script_and_no_other_host():
    policy = dict(
        part.strip().split(" ", 1) for part in HEADERS["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert set(policy.values()) <= {"'none'", "'self'"}


# Frames, and forms from other sites


def framed(make_app):
    return make_app(frame_ancestors=(ORIGIN,)).test_client()


def test_a_page_may_stand_in_a_frame_of_the_origins_that_are_allowed(make_app):
    response = framed(make_app).get("/")
    assert f"frame-ancestors {ORIGIN}" in response.headers["Content-Security-Policy"]
    assert "X-Frame-Options" not in response.headers


def send_form(client, **sent):
    return client.post("/", data=form_of(README_PATIENT), headers=sent)


@pytest.mark.parametrize("site", ["same-origin", "none", ""])
def test_a_form_of_our_own_or_of_an_old_browser_is_answered(client, site):
    assert send_form(client, **({"Sec-Fetch-Site": site} if site else {})).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", None])
def test_a_form_of_another_site_is_refused(client, site, origin):
    sent = {"Sec-Fetch-Site": site} | ({"Origin": origin} if origin else {})
    (item,) = check_problem(send_form(client, **sent), 403)["errors"]
    assert item["code"] == "cross_site"
    assert item["accepted"]


@pytest.mark.parametrize("setting", ["frame_ancestors", "cors_origins"])
def test_a_form_of_an_allowed_origin_is_answered(make_app, setting):
    client = make_app(**{setting: (ORIGIN,)}).test_client()
    sent = {"Sec-Fetch-Site": "cross-site", "Origin": ORIGIN}
    assert send_form(client, **sent).status_code == 200


def test_a_link_from_another_site_leads_to_the_form(client):
    assert client.get("/", headers={"Sec-Fetch-Site": "cross-site"}).status_code == 200


def test_no_page_sets_a_cookie(client):
    for response in (client.get("/"), send_form(client)):
        assert "Set-Cookie" not in response.headers


# Behind a proxy

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "equipoise.example"}


def kept_text(client):
    """Return the page with the plain text, which has the form's whole address."""
    return client.post("/", data={**form_of(README_PATIENT), "text": "1"}, headers=FORWARDED).text


def test_links_have_the_address_that_a_trusted_proxy_tells(make_app):
    client = make_app(trusted_proxies=1).test_client()
    assert "https://equipoise.example/?" in kept_text(client)


def test_forwarded_headers_of_others_are_not_believed(client):
    assert "http://localhost/?" in kept_text(client)
    assert "equipoise.example" not in kept_text(client)


# Errors in a browser

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


def test_the_api_tells_problem_details_whatever_is_accepted(client):
    check_problem(client.get("/v1/models/other", headers=BROWSER), 404)


def test_a_browser_is_told_an_error_as_a_page(client):
    response = client.get("/nowhere", headers=BROWSER)
    assert (response.status_code, response.mimetype) == (404, "text/html")
    told = check_problem(client.get("/nowhere"), 404)
    assert told["title"] in response.text
    assert told["errors"][0]["message"].replace("'", "&#39;") in response.text


def test_a_browser_without_a_token_is_told_so_on_a_page(guarded):
    response = guarded.get("/", headers=BROWSER)
    assert (response.status_code, response.mimetype) == (401, "text/html")
    assert "valid bearer token" in response.text
    assert response.headers["WWW-Authenticate"] == 'Bearer realm="equipoise"'
