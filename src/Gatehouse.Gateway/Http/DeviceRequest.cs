using Gatehouse.Contracts.Access;
using Gatehouse.Hub.CloudToDevice;
using Microsoft.AspNetCore.Http;

namespace Gatehouse.Gateway.Http;

/// <summary>A request of a device that is known and may do what it asks for.</summary>
/// <param name="Http">For the body, headers and answer.</param>
/// <param name="Caller">Who asks.</param>
/// <param name="Path">Decoded segments of the path: <c>devices</c>, the device id, then those of the operation's template.</param>
internal sealed record DeviceRequest(HttpContext Http, DeviceCaller Caller, IReadOnlyList<string> Path)
{
    internal Principal Principal => Caller.Principal;

    internal DeviceQueue Queue => new(Principal.Hub, Principal.Identity!.Value.Device, Principal.GenerationId ?? "");

    /// <summary>204 without a body.</summary>
    internal void AnswerNoContent() => Http.Response.StatusCode = StatusCodes.Status204NoContent;
}
