import Foundation

/// A Unix socket at the end of a long line: what passes between it and another arrives so much later, each way.
enum SlowLine {
    /// The command that keeps it.
    static func command(socket: URL, to other: URL, delay: Double) -> [String] {
        ["/usr/bin/python3", "-c", script, socket.path, other.path, "\(delay)"]
    }

    private static let script = """
        import asyncio
        import sys

        socket, other, seconds = sys.argv[1], sys.argv[2], float(sys.argv[3])


        async def pass_on(reader, writer):
            loop = asyncio.get_running_loop()
            data = True
            while data:
                data = await reader.read(65536)
                loop.call_later(seconds, writer.write if data else lambda _: writer.close(), data)


        async def serve(reader, writer):
            far_reader, far_writer = await asyncio.open_unix_connection(other)
            await asyncio.gather(pass_on(reader, far_writer), pass_on(far_reader, writer))


        async def main():
            server = await asyncio.start_unix_server(serve, socket)
            await server.serve_forever()


        asyncio.run(main())
        """
}
