"""What a simulated camera answers to the device and media services."""

from datetime import UTC, datetime
from xml.sax.saxutils import escape, quoteattr

from nvr.sim.onvif.camera import OnvifCamera, Profile
from nvr.sim.onvif.words import DEVICE, MEDIA, MEDIA2, PTZ, Asked, Fault

_PATHS = {DEVICE: "device_service", MEDIA: "media_service", MEDIA2: "media2_service", PTZ: "ptz_service"}


def device(camera: OnvifCamera, asked: Asked, host: str, utc: datetime) -> str:
    """The answer of the device service; `host` is what XAddrs name. Raises Fault."""
    match asked.operation:
        case "GetSystemDateAndTime":
            return _date(utc if camera.clock else None)
        case "GetDeviceInformation":
            return (
                f"<tds:GetDeviceInformationResponse><tds:Manufacturer>{escape(camera.make)}</tds:Manufacturer>"
                f"<tds:Model>{escape(camera.model)}</tds:Model>"
                f"<tds:FirmwareVersion>{escape(camera.firmware)}</tds:FirmwareVersion>"
                f"<tds:SerialNumber>{escape(camera.serial)}</tds:SerialNumber>"
                "<tds:HardwareId>1</tds:HardwareId></tds:GetDeviceInformationResponse>"
            )
        case "GetServices" if camera.get_services:
            services = "".join(_service(namespace, host) for namespace in _namespaces(camera))
            return f"<tds:GetServicesResponse>{services}</tds:GetServicesResponse>"
        case "GetCapabilities":
            return _capabilities(camera, host)
        case operation:
            raise Fault("ActionNotSupported", operation)


def media(camera: OnvifCamera, asked: Asked, host: str) -> str:
    """The answer of either media service; `host` is where the camera was reached. Raises Fault."""
    successor = asked.namespace == MEDIA2
    prefix = "tr2" if successor else "trt"
    match asked.operation:
        case "GetProfiles":
            show = _profile2 if successor else _profile
            profiles = "".join(show(profile) for profile in camera.profiles)
            return f"<{prefix}:GetProfilesResponse>{profiles}</{prefix}:GetProfilesResponse>"
        case "GetStreamUri":
            uri = escape(_named(camera, asked.text("ProfileToken")).uri.replace("{host}", host))
            if successor:
                return f"<tr2:GetStreamUriResponse><tr2:Uri>{uri}</tr2:Uri></tr2:GetStreamUriResponse>"
            return (
                f"<trt:GetStreamUriResponse><trt:MediaUri><tt:Uri>{uri}</tt:Uri>"
                "<tt:InvalidAfterConnect>false</tt:InvalidAfterConnect><tt:InvalidAfterReboot>false"
                "</tt:InvalidAfterReboot><tt:Timeout>PT0S</tt:Timeout></trt:MediaUri></trt:GetStreamUriResponse>"
            )
        case operation:
            raise Fault("ActionNotSupported", operation)


def _named(camera: OnvifCamera, token: str) -> Profile:
    for profile in camera.profiles:
        if profile.token == token:
            return profile
    raise Fault("NoProfile", "The requested profile token does not exist.")


def _namespaces(camera: OnvifCamera) -> list[str]:
    has = {DEVICE: True, MEDIA: camera.media, MEDIA2: camera.media2, PTZ: camera.head is not None}
    return [namespace for namespace, there in has.items() if there]


def _service(namespace: str, host: str) -> str:
    return (
        f"<tds:Service><tds:Namespace>{namespace}</tds:Namespace>"
        f"<tds:XAddr>http://{host}/onvif/{_PATHS[namespace]}</tds:XAddr>"
        "<tds:Version><tt:Major>2</tt:Major><tt:Minor>60</tt:Minor></tds:Version></tds:Service>"
    )


def _capabilities(camera: OnvifCamera, host: str) -> str:
    services = f"<tt:Device><tt:XAddr>http://{host}/onvif/device_service</tt:XAddr></tt:Device>"
    if camera.media:
        services += (
            f"<tt:Media><tt:XAddr>http://{host}/onvif/media_service</tt:XAddr><tt:StreamingCapabilities/></tt:Media>"
        )
    if camera.head is not None:
        services += f"<tt:PTZ><tt:XAddr>http://{host}/onvif/ptz_service</tt:XAddr></tt:PTZ>"
    return f"<tds:GetCapabilitiesResponse><tds:Capabilities>{services}</tds:Capabilities></tds:GetCapabilitiesResponse>"


def _date(utc: datetime | None) -> str:
    told = ""
    if utc is not None:
        told = (
            f"<tt:UTCDateTime><tt:Time><tt:Hour>{utc.hour}</tt:Hour><tt:Minute>{utc.minute}</tt:Minute>"
            f"<tt:Second>{utc.second}</tt:Second></tt:Time><tt:Date><tt:Year>{utc.year}</tt:Year>"
            f"<tt:Month>{utc.month}</tt:Month><tt:Day>{utc.day}</tt:Day></tt:Date></tt:UTCDateTime>"
        )
    return (
        "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:DateTimeType>NTP</tt:DateTimeType>"
        f"<tt:DaylightSavings>false</tt:DaylightSavings>{told}</tds:SystemDateAndTime>"
        "</tds:GetSystemDateAndTimeResponse>"
    )


def _profile(profile: Profile) -> str:
    """As the first media service has it, which knows JPEG, MPEG4 and H264 alone: H.265 shows no encoder there."""
    encoder = ""
    if profile.coding != "H265" and not profile.bare:
        encoder = (
            f'<tt:VideoEncoderConfiguration token="e-{escape(profile.token)}"><tt:Name>encoder</tt:Name>'
            f"<tt:UseCount>1</tt:UseCount><tt:Encoding>{profile.coding}</tt:Encoding>"
            f"<tt:Resolution><tt:Width>{profile.width}</tt:Width><tt:Height>{profile.height}</tt:Height></tt:Resolution>"
            f"<tt:Quality>5</tt:Quality><tt:RateControl><tt:FrameRateLimit>{profile.fps}</tt:FrameRateLimit>"
            f"<tt:EncodingInterval>1</tt:EncodingInterval><tt:BitrateLimit>{profile.bitrate_kbps}</tt:BitrateLimit>"
            f"</tt:RateControl><tt:Multicast><tt:Address><tt:Type>IPv4</tt:Type><tt:IPv4Address>0.0.0.0"
            "</tt:IPv4Address></tt:Address><tt:Port>0</tt:Port><tt:TTL>1</tt:TTL><tt:AutoStart>false</tt:AutoStart>"
            "</tt:Multicast><tt:SessionTimeout>PT60S</tt:SessionTimeout></tt:VideoEncoderConfiguration>"
        )
    return (
        f'<trt:Profiles token={quoteattr(profile.token)} fixed="true"><tt:Name>{escape(profile.name)}</tt:Name>'
        f"<tt:VideoSourceConfiguration token={quoteattr(profile.source)}>{_source(profile)}"
        f"</tt:VideoSourceConfiguration>{encoder}</trt:Profiles>"
    )


def _profile2(profile: Profile) -> str:
    encoder = (
        ""
        if profile.bare
        else (
            f'<tr2:VideoEncoder token="e-{escape(profile.token)}" GovLength="{profile.gop_frames}">'
            f"<tt:Name>encoder</tt:Name><tt:UseCount>1</tt:UseCount><tt:Encoding>{profile.coding}</tt:Encoding>"
            f"<tt:Resolution><tt:Width>{profile.width}</tt:Width><tt:Height>{profile.height}</tt:Height></tt:Resolution>"
            f"<tt:RateControl><tt:FrameRateLimit>{profile.fps}</tt:FrameRateLimit>"
            f"<tt:BitrateLimit>{profile.bitrate_kbps}</tt:BitrateLimit></tt:RateControl><tt:Quality>5</tt:Quality>"
            "</tr2:VideoEncoder>"
        )
    )
    return (
        f'<tr2:Profiles token={quoteattr(profile.token)} fixed="true"><tr2:Name>{escape(profile.name)}</tr2:Name>'
        f"<tr2:Configurations><tr2:VideoSource token={quoteattr(profile.source)}>{_source(profile)}</tr2:VideoSource>"
        f"{encoder}</tr2:Configurations></tr2:Profiles>"
    )


def _source(profile: Profile) -> str:
    return (
        f"<tt:Name>{escape(profile.source)}</tt:Name><tt:UseCount>2</tt:UseCount>"
        f"<tt:SourceToken>{escape(profile.source)}</tt:SourceToken>"
        f'<tt:Bounds x="0" y="0" width="{profile.width}" height="{profile.height}"/>'
    )


def instant(utc_us: int) -> datetime:
    """This time as a date."""
    return datetime.fromtimestamp(utc_us // 1_000_000, UTC)
