"""Page that helps a device trust the root certificate, and the certificate in the two forms devices accept."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.http.request import split_domain_port
from django.shortcuts import render
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meeting.https import encryption, local_ca, qr_code


@never_cache
@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What the root is, how it is installed, and where to go then."""
    root = _root()
    here = f"{_host(request)}{request.path}"
    return render(
        request,
        "pages/https.html",
        {
            "name": root.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value,
            "until": root.not_valid_after_utc,
            "fingerprint": local_ca.fingerprint(root),
            "secure": f"https://{request.get_host()}{_next(request)}",
            "goes_on": "next" in request.GET,
            "address": f"http://{here}",
            # made of our own address alone
            "qr": mark_safe(qr_code.for_page(f"http://{here}", _("The address of this page as a QR code"))),  # noqa: S308
        },
    )


@never_cache
@require_safe
def der(_request: HttpRequest) -> HttpResponse:
    """The root in DER, under the type by which phones know that it is one."""
    return HttpResponse(_root().public_bytes(Encoding.DER), content_type="application/x-x509-ca-cert")


@never_cache
@require_safe
def pem(_request: HttpRequest) -> HttpResponse:
    """The root in PEM, for programs."""
    return HttpResponse(_root().public_bytes(Encoding.PEM), content_type="application/x-pem-file")


def _root() -> x509.Certificate:
    if not settings.HTTPS_ROOT:
        raise Http404("no root of our own")
    return x509.load_pem_x509_certificate(settings.HTTPS_ROOT.read_bytes())


def _host(request: HttpRequest) -> str:
    """How a phone reaches what this browser reaches."""
    asked = request.get_host()
    if split_domain_port(asked)[0] not in encryption.LOOPBACK:
        return asked
    return f"{encryption.host_to_open()}:{settings.PORT}"


def _next(request: HttpRequest) -> str:
    """A path of ours; nothing that a browser could take for another host."""
    path = request.GET.get("next", "/")
    return path if path.startswith("/") and not path.startswith(("//", "/\\")) else "/"
