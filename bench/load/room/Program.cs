using System.Globalization;
using Gatehouse.Bench.Room;

// twins FOLDER URL|- DEVICES IN-FLIGHT SECONDS   durable reported patches
// load FOLDER URL|- COUNT                        registers so many devices with tags, desired and reported properties
// queries FOLDER URL|-                           asks what was loaded, as an index leads
// scans FOLDER URL|-                             asks what was loaded, without an index
if (args.Length < 3)
{
    await Console.Error.WriteLineAsync("roomload: twins|load|queries|scans FOLDER URL|- …");
    return 2;
}

await using var room = await Room.OpenAsync(args[1], args[2] == "-" ? null : args[2]);
var numbers = args.Skip(3).Select(text => int.Parse(text, CultureInfo.InvariantCulture)).ToArray();
await (args[0] switch
{
    "twins" => new TwinLoad(room, numbers[0], numbers[1]).RunAsync(TimeSpan.FromSeconds(numbers[2])),
    "load" => new Fleet(room).LoadAsync(numbers[0]),
    var part => new QueryLoad(room).RunAsync(scans: part == "scans"),
});
return 0;
