using System.Buffers;
using System.Text.Json;
using Gatehouse.Contracts.Access;
using Gatehouse.Hub.Routing.DeadLetters;
using Gatehouse.ServiceApi.Operator.Events;
using Gatehouse.ServiceApi.Rest;

namespace Gatehouse.ServiceApi.Operator.Routing;

/// <summary><c>GET /gatehouse/v1/routing/endpoints/{name}/dead-letters/{id}</c>: with the event, in the form of <c>GET /events</c>.</summary>
internal sealed class GetDeadLetter(DeadLetterOffice office) : ApiOperation(Operations.ManageRouting, "GET", "gatehouse/v1/routing/endpoints/{name}/dead-letters/{id}")
{
    internal override async Task<ApiResponse> RunAsync(ApiRequest request, CancellationToken cancellationToken)
    {
        var found = await office.GetAsync(request.Hub, request.Segment("name"), request.Segment("id"), cancellationToken);
        return found.IsOk ? ApiResponse.Raw(Write(found.Value)) : found.Error;
    }

    private static ReadOnlyMemory<byte> Write(DeadLetter letter)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using var json = new Utf8JsonWriter(buffer);
        using var line = new EventLine();
        json.WriteStartObject();
        json.WriteString("id", letter.Id);
        json.WriteString("reason", letter.Reason);
        json.WriteString("buriedTime", letter.BuriedTime.UtcDateTime);
        json.WritePropertyName("event");
        line.Write(json, letter.Event, bodyAsBase64: false);
        json.WriteEndObject();
        json.Flush();
        return buffer.WrittenMemory;
    }
}
